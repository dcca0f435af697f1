using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <content>What the address space holds, read from outside: nothing is faulted in.</content>
public sealed partial class KernelExecutor
{
    private ProcessReader? _reader;

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order, without the executor's own.</summary>
    /// <returns>False, and nothing useful appended, when the process has ended.</returns>
    public bool ReadMappings(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        int first = into.Count;
        if (Reader?.ReadMappings(range, into) is not true) return false;
        RemoveHost(into, first);
        return true;
    }

    /// <summary>Appends the same with <see cref="KernelMapping.Flags"/>. Slower: the kernel walks the page tables for it.</summary>
    /// <returns>False, and nothing useful appended, when the process has ended.</returns>
    internal bool ReadMappingsWithFlags(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        int first = into.Count;
        if (Reader?.ReadMappingsWithFlags(range, into) is not true) return false;
        RemoveHost(into, first);
        return true;
    }

    /// <summary>Appends the runs of pages that are present (or swapped out) in <paramref name="range"/>, in ascending order,
    /// without the executor's own.</summary>
    /// <param name="range">Where to look.</param>
    /// <param name="into">Takes the runs.</param>
    /// <param name="tellZero">Tells <see cref="PageKinds.Zero"/> too, which only Linux 6.7 and later know.</param>
    /// <returns>False, and nothing useful appended, when the process has ended.</returns>
    internal bool ReadPresence(AddressRange range, List<PageRun> into, bool tellZero = false)
    {
        ArgumentNullException.ThrowIfNull(into);
        AddressRange below = range.Intersect(new AddressRange(VirtualAddress.Zero, Surroundings.Host.Start));
        AddressRange above = range.Intersect(new AddressRange(Surroundings.Host.End, Surroundings.TaskEnd));
        PageKinds told = tellZero ? PageKinds.Zero : PageKinds.None;
        return Reader is { } reader && reader.ReadPages(below, into, told) && reader.ReadPages(above, into, told);
    }

    /// <summary>Reads bytes of pages that are known to be present, whatever their protection. A page that is not present is
    /// faulted in by the kernel for this, which changes what is under test: ask <see cref="ReadPresence"/> first.</summary>
    /// <returns>How many bytes were read; fewer than asked for where a mapping ends.</returns>
    internal int ReadPresentBytes(VirtualAddress start, Span<byte> bytes) => Reader?.ReadBytes(start, bytes) ?? 0;

    private ProcessReader? Reader => _reader ??= ProcessReader.TryOpen(ProcessId, out _);

    private void RemoveHost(List<KernelMapping> mappings, int first)
    {
        for (int index = mappings.Count - 1; index >= first; index--)
        {
            if (Surroundings.Host.Contains(mappings[index].Range)) mappings.RemoveAt(index);
        }
    }
}
