using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift;

public sealed partial class AddressSpace
{
    /// <summary>MADV_GUARD_INSTALL: replaces all pages of a part of a mapping by guard markers. ENOMEM when memory is out; then a first part is guarded, and the pages are gone.</summary>
    private Errno InstallGuards(MappingHandle handle, AddressRange part)
    {
        if (!TrySplitLeavesAtEnds(part))
            return Errno.OutOfMemory;
        VmFlags flags = _mappings.FlagsOf(handle);
        _mappings.SetFlags(handle, flags | VmFlags.MayHaveGuards);
        if (IsAnonymousPrivate(handle))
            EnsureAnon(handle); // a private mapping of a file gets none from it (checked on the kernel)
        ZapDropped(part);
        ulong tableSpan = Geometry.TableSpan(PageTableLevel.Pte);
        for (VirtualAddress at = part.Start; at < part.End;)
        {
            if (!_tables.TryMakeTable(at, PageTableLevel.Pte, out FrameNumber table))
                return Errno.OutOfMemory;
            ulong end = Math.Min(part.End.Value, at.AlignDown(tableSpan).Value + tableSpan);
            int first = Geometry.Index(at, PageTableLevel.Pte);
            Span<PageTableEntry> slots = _tables.Entries(table).Slice(first, (int)((end - at.Value) >> PageSize.Shift));
            Memory.AddLiveEntries(table, slots.Length - PageTableTree.CountLive(slots)); // guards that were there stay
            slots.Fill(PageTableEntry.Guard);
            at = new VirtualAddress(end);
        }

        return Errno.None;
    }

    /// <summary>MADV_GUARD_REMOVE: makes the guarded pages of a range empty again.</summary>
    private void RemoveGuards(AddressRange range)
    {
        ulong inspected = 0;
        ulong tableSpan = Geometry.TableSpan(PageTableLevel.Pte);
        VirtualAddress at = range.Start;
        while (_tables.TryFindLive(new AddressRange(at, range.End), out VirtualAddress found, ref inspected))
        {
            PageTableWalk walk = _tables.Walk(found);
            ulong end = Math.Min(range.End.Value, found.AlignDown(Geometry.TableSpan(walk.Level)).Value + Geometry.TableSpan(walk.Level));
            at = new VirtualAddress(end);
            if (walk.Level != PageTableLevel.Pte)
            {
                at = new VirtualAddress(Math.Min(end, found.AlignDown(Geometry.Span(walk.Level)).Value + Geometry.Span(walk.Level)));
                continue;
            }

            int slots = (int)((end - found.Value) >> PageSize.Shift);
            if (TryRemoveGuards(walk.Table, walk.Index, slots) && Memory.LiveEntries(walk.Table) == 0)
                _linuxTables.Emptied(found, _tables.FreeEmptyTables(found, PageTableLevel.Pte));
        }
    }

    private bool TryRemoveGuards(FrameNumber table, int first, int slots)
    {
        int removed = 0;
        foreach (ref PageTableEntry entry in _tables.Entries(table).Slice(first, slots))
        {
            if (!entry.IsGuard)
                continue;
            entry = PageTableEntry.None;
            removed++;
        }

        Memory.AddLiveEntries(table, -removed);
        return removed != 0;
    }
}
