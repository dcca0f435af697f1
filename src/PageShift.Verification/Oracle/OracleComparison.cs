using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Verification.Oracle;

/// <summary>Compares an address space with the oracle, without touching it: no access, no fault.</summary>
internal static class OracleComparison
{
    /// <summary>Compares what is mapped, what is present, and every byte of it.</summary>
    /// <exception cref="OracleMismatchException">They differ; the message says in what.</exception>
    internal static void Check(AddressSpace space, PageOracle oracle)
    {
        CheckRegions(space, oracle);
        int sure = oracle.Pages.Values.Count(page => page.Presence is OraclePresence.Present or OraclePresence.Guard);
        foreach ((VirtualAddress start, PageTableLevel level, PageTableEntry entry) in space.GetLeaves(new AddressRange(VirtualAddress.Zero, space.Geometry.UserLimit)))
        {
            for (ulong i = 0; i < space.Geometry.FramesPerLeaf(level); i++)
            {
                if (CheckPage(space.Memory, oracle, start.Value + (i << PageSize.Shift), entry, i) is OraclePresence.Present or OraclePresence.Guard)
                    sure--;
            }
        }

        if (sure != 0)
            throw new OracleMismatchException($"{sure} pages are not there, such as {FirstMissing(space, oracle)}.");
    }

    private static OraclePresence CheckPage(PhysicalMemory memory, PageOracle oracle, ulong at, PageTableEntry entry, ulong frameInLeaf)
    {
        OraclePresence expected = oracle.PageAt(at).Presence;
        if (entry.IsGuard != (expected == OraclePresence.Guard) || expected == OraclePresence.Absent || (entry.IsMarker && !entry.IsGuard))
            throw new OracleMismatchException($"The page at 0x{at:x} should be {expected}, but has {entry}.");
        if (entry.IsMapped && !PageStamp.Matches(memory.Bytes(entry.Frame + frameInLeaf), oracle.Content(at)))
            throw new OracleMismatchException($"The page at 0x{at:x} should hold 0x{oracle.Content(at):x}, but has other bytes.");
        return expected;
    }

    private static string FirstMissing(AddressSpace space, PageOracle oracle)
    {
        foreach ((ulong at, OraclePage page) in oracle.Pages.OrderBy(pair => pair.Key))
        {
            bool isThere = space.GetLeaves(new AddressRange(new VirtualAddress(at), PageSize.Length)).Count != 0;
            if (!isThere && page.Presence is OraclePresence.Present or OraclePresence.Guard)
                return $"0x{at:x}";
        }

        return "none";
    }

    private static void CheckRegions(AddressSpace space, PageOracle oracle)
    {
        var actual = new OracleRegions();
        foreach (Mapping mapping in space.GetMappings())
        {
            OracleObject? shown = Counterpart(mapping, oracle);
            actual.Add(new OracleRegion
            {
                Start = mapping.Start.Value,
                End = mapping.End.Value,
                Flags = mapping.Flags & OracleRegion.KnownFlags,
                Object = shown,
                ObjectPage = shown is null ? 0 : mapping.PageOffset.Value,
            });
        }

        if (!actual.All.SequenceEqual(oracle.Regions))
            throw new OracleMismatchException($"Mapped should be\n  {string.Join("\n  ", oracle.Regions)}\nbut is\n  {string.Join("\n  ", actual.All)}");
    }

    private static OracleObject? Counterpart(in Mapping mapping, PageOracle oracle)
    {
        if (mapping.File is not { } file)
            return null;
        if (oracle.RegionAt(mapping.Start.Value) is not { Object: { } shown })
            throw new OracleMismatchException($"An object is mapped at {mapping.Range}, where the oracle has none.");
        shown.Counterpart ??= file.Object;
        return ReferenceEquals(shown.Counterpart, file.Object)
            ? shown
            : throw new OracleMismatchException($"Another object is mapped at {mapping.Range}.");
    }
}
