using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>What an address space holds at one moment, as one side shows it. Kept and filled again, so that a comparison allocates nothing.</summary>
internal sealed class SpaceSnapshot
{
    /// <summary>The mappings, lowest first, without the executor's own.</summary>
    internal List<ObservedMapping> Mappings { get; } = [];

    /// <summary>The occupied pages, lowest first; adjacent pages of equal kind are one run.</summary>
    internal List<PageRun> Pages { get; } = [];

    /// <summary>Adds pages above all others.</summary>
    internal void AddPages(ulong start, ulong end, PageKinds kinds)
    {
        if (Pages.Count != 0 && Pages[^1].Range.End.Value == start && Pages[^1].Kinds == kinds)
            Pages[^1] = new PageRun(new AddressRange(Pages[^1].Range.Start, new VirtualAddress(end)), kinds);
        else
            Pages.Add(new PageRun(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), kinds));
    }
}
