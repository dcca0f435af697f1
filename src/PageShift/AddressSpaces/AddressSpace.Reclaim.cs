using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>What a kernel does to pages for reasons of its own. This engine has no such reasons; who runs it beside a kernel tells it what happened.</summary>
public sealed partial class AddressSpace
{
    /// <summary>Drops the pages of a range, whatever their mappings forbid, as reclaim does. Tables stay.</summary>
    /// <returns>False when memory for the split of a large leaf is out.</returns>
    internal bool TryReclaim(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return _unmapper.TryZapReclaimed(range);
    }

    /// <summary>Maps the page of zeroes in place of the private pages in a range that are zero, as Linux does when it takes a large page apart. Those of locked memory stay, and
    /// those that something else refers to. Large leaves are split.</summary>
    internal void ShareZeroes(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        if (_unmapper.TrySplitLeavesAtEnds(range))
            ShareZeroesLocked(range);
    }

    private void ShareZeroesLocked(AddressRange range)
    {
        if (Memory.IsBytesFree)
            return;
        for (VirtualAddress at = range.Start; _tables.TryFindLive(new AddressRange(at, range.End), out VirtualAddress found);)
        {
            at = found + PageSize.Length;
            _ = _tables.TrySplitAt(at); // without memory the large page stays, which changes no byte
            PageTableWalk walk = _tables.Walk(found);
            MappingHandle handle = _mappings.Find(found);
            VmFlags flags = _mappings.FlagsOf(handle);
            bool mayShare = IsAnonymousPrivate(handle) && (flags & (VmFlags.Locked | VmFlags.Shared)) == 0; // a write to shared memory is not copied
            if (mayShare && walk.Level == PageTableLevel.Pte && walk.IsMapped && _pages.IsOnlyReference(walk.Entry.Frame) && !Memory.Bytes(walk.Entry.Frame).ContainsAnyExcept((byte)0))
            {
                _tables.Set(walk.Table, walk.Index, PageTableEntry.Leaf(FrameNumber.ZeroPage, LeafBits.ForFlags(flags)));
                Memory.Release(walk.Entry.Frame);
            }
        }

        _processors.Flush(range);
    }
}
