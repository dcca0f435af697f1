using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

// What a call would return depends on the mappings that it looks at, on those that touch them (they may merge, and the number of mappings counts), and on the counts
// of the whole space. It depends on pages in two cases: guard pages, and whether there is a page at all (MADV_COLLAPSE). A rehearsal is made of these.
public sealed partial class AddressSpace
{
    private List<MemoryObject>? _heldAsElsewhere;

    /// <summary>Makes a space on which calls can be tried: a call that looks at nothing outside of <paramref name="ranges"/> returns there what it would return here, and changes nothing here.</summary>
    /// <param name="ranges">Where the calls look for mappings.</param>
    /// <param name="hasPages">Whether it matters where pages are. Else the rehearsal has guard pages only.</param>
    /// <param name="capabilities">What the process may do; null for what this space's may.</param>
    /// <returns>The space, on the same physical memory. It is the caller's to dispose. Its files are copies without pages; its descriptors are none.</returns>
    /// <exception cref="InsufficientMemoryException">Physical memory is out.</exception>
    /// <remarks>Thread-safe. Takes time and memory by the mappings in the ranges, and by their pages where those matter, not by the whole space.</remarks>
    internal AddressSpace Rehearse(ReadOnlySpan<AddressRange> ranges, bool hasPages, Capabilities? capabilities = null)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        var files = new Dictionary<OpenFile, OpenFile>();
        var copies = new List<Mapping>();
        CopyTouching(ranges, copies, files);
        var rehearsal = new AddressSpace(Memory, Options with
        {
            Limits = Limits,
            Policy = Policy,
            MaximumMapCount = Options.MaximumMapCount - (_mappings.Count - copies.Count),
            Segments = Segments.WithoutPages(),
        }, _anonIdentities)
        {
            Controls = capabilities is { } held ? Controls with { Capabilities = held } : Controls,
            BreakStart = BreakStart,
            _breakOffset = _breakOffset,
            _futureLockFlags = _futureLockFlags,
        };
        if (UserLimit < Geometry.UserLimit)
            rehearsal._state.LimitTo(UserLimit);
        foreach (Mapping mapping in copies)
            rehearsal._mappings.Insert(mapping);
        rehearsal.HoldAsElsewhere(files, copies);
        rehearsal._accounts.CopyFrom(_accounts);
        foreach (AddressRange range in ranges)
            CopyPresence(range, rehearsal, hasPages);
        return rehearsal;
    }

    private void CopyTouching(ReadOnlySpan<AddressRange> ranges, List<Mapping> copies, Dictionary<OpenFile, OpenFile> files)
    {
        AddressRange[] sorted = [.. ranges];
        for (int i = 0; i < sorted.Length; i++)
            sorted[i] = WithStackAbove(WithNeighbours(sorted[i]));
        Array.Sort(sorted, static (left, right) => left.Start.CompareTo(right.Start));
        VirtualAddress reached = VirtualAddress.Zero;
        foreach (AddressRange range in sorted)
        {
            foreach (MappingHandle handle in _mappings.Overlapping(range))
            {
                Mapping mapping = _mappings[handle];
                if (mapping.Start < reached)
                    continue; // an earlier range has it
                copies.Add(mapping.File is { } file ? mapping with { File = CopyOf(file, files) } : mapping);
                reached = mapping.End;
            }
        }
    }

    /// <summary>What more than the copied mappings hold is held in the rehearsal too, so that it can still be mapped when they are gone.</summary>
    private void HoldAsElsewhere(Dictionary<OpenFile, OpenFile> files, List<Mapping> copies)
    {
        foreach ((OpenFile file, OpenFile copy) in files)
        {
            if (!file.CountsMappings || file.Object.Holders <= copies.Count(mapping => mapping.File == copy))
                continue;
            copy.Object.AddHolder();
            (_heldAsElsewhere ??= []).Add(copy.Object);
        }
    }

    private void LetGoAsElsewhere()
    {
        foreach (MemoryObject held in _heldAsElsewhere ?? [])
            held.RemoveHolder();
        _heldAsElsewhere = null;
    }

    /// <summary>The same, and a stack above, which a fault in the range may extend into it, with all that keeps it from that.</summary>
    private AddressRange WithStackAbove(AddressRange range)
    {
        foreach (MappingHandle next in _mappings.Overlapping(new AddressRange(range.End, new VirtualAddress(ulong.MaxValue))))
        {
            VirtualAddress lowest = range.Start > VirtualAddress.Zero + MappingTree.GuardGap ? range.Start - MappingTree.GuardGap : VirtualAddress.Zero;
            return _mappings[next].Flags.Has(VmFlags.GrowsDown) ? new AddressRange(lowest, _mappings[next].End) : range;
        }

        return range;
    }

    private static AddressRange WithNeighbours(AddressRange range) => new(
        range.Start.Value < PageSize.Bytes ? VirtualAddress.Zero : range.Start - PageSize.Length,
        range.End.Value > ulong.MaxValue - PageSize.Bytes ? range.End : range.End + PageSize.Length);

    private static OpenFile CopyOf(OpenFile file, Dictionary<OpenFile, OpenFile> files)
    {
        if (!files.TryGetValue(file, out OpenFile? copy))
            files.Add(file, copy = file.WithoutPages());
        return copy;
    }

    /// <summary>Gives a rehearsal the guard pages of a range, and where it matters pages where there are some.</summary>
    private void CopyPresence(AddressRange range, AddressSpace rehearsal, bool hasPages)
    {
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            VmFlags flags = _mappings.FlagsOf(handle);
            if (!hasPages && !flags.Has(VmFlags.MayHaveGuards))
                continue;
            AddressRange part = _mappings.RangeOf(handle).Intersect(range);
            var cursor = new PageTableCursor(_tables, part);
            while (cursor.MoveToNextLeaf())
            {
                if (!cursor.Entry.IsMapped)
                    _ = rehearsal._tables.TryFillPages(cursor.Covered, cursor.Entry, out _);
                else if (hasPages)
                    _ = rehearsal._tables.TryPopulate(cursor.Covered, LeafBits.ForFault(flags, write: false));
            }

            if (hasPages)
                _linuxTables.Copied(part, rehearsal._linuxTables);
        }
    }
}
