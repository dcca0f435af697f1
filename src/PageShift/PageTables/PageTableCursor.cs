using System.Runtime.CompilerServices;
using PageShift.Physical;

namespace PageShift.PageTables;

/// <summary>
/// A place in a tree of page tables: one slot, and the way from the root to it. Goes down into the table that the slot points to, up again, and along the slots of
/// its table; fills the slot, or detaches what stands in it.
/// </summary>
/// <remarks>Every method states what must hold before; a cursor that is used otherwise throws. It holds no lock: see <see cref="PageTableTree"/>. A change of the tree by other
/// means makes it stale, unless that change was made below it.</remarks>
internal ref struct PageTableCursor
{
    private readonly PageTableTree _tree;
    private Path _path;

    /// <summary>A cursor at the root's slot for <paramref name="address"/>.</summary>
    internal PageTableCursor(PageTableTree tree, VirtualAddress address)
    {
        _tree = tree;
        Level = tree.Geometry.Root;
        Address = address;
        _path[(int)Level] = tree.Root;
    }

    /// <summary>The level of the slot.</summary>
    internal PageTableLevel Level { get; private set; }

    /// <summary>The address that the cursor is for; the slot covers it.</summary>
    internal VirtualAddress Address { get; private set; }

    /// <summary>The table that holds the slot.</summary>
    internal readonly FrameNumber Table => _path[(int)Level];

    /// <summary>The slot's index in its table.</summary>
    internal readonly int Index => _tree.Geometry.Index(Address, Level);

    /// <summary>The first address that the slot covers.</summary>
    internal readonly VirtualAddress SlotStart => Address.AlignDown(_tree.Geometry.Span(Level));

    /// <summary>What stands in the slot.</summary>
    internal readonly PageTableEntry Entry => _tree.Memory.Entry(Table, Index);

    /// <summary>True when the slot's table has no live entry.</summary>
    internal readonly bool IsTableEmpty => _tree.Memory.LiveEntries(Table) == 0;

    /// <summary>Goes down into the table that the slot points to. False, without moving, when it points to none.</summary>
    internal bool TryDescend()
    {
        PageTableEntry entry = Entry;
        if (!entry.IsTable(Level))
            return false;
        Level--;
        _path[(int)Level] = entry.Frame;
        return true;
    }

    /// <summary>Goes down until the slot points to no table.</summary>
    internal void DescendToEnd()
    {
        while (TryDescend())
        {
        }
    }

    /// <summary>Goes up to the slot that points to this table. False, without moving, at the root.</summary>
    internal bool TryAscend()
    {
        if (Level == _tree.Geometry.Root)
            return false;
        Level++;
        return true;
    }

    /// <summary>Goes to the next slot of the same table. False, without moving, at its last.</summary>
    internal bool TryAdvance()
    {
        if (Index == _tree.Geometry.EntriesPerTable - 1)
            return false;
        Address = SlotStart + new ByteLength(_tree.Geometry.Span(Level));
        return true;
    }

    /// <summary>Goes to the lowest slot above that is not below a slot already passed: along, or up and along. False at the end of the tree.</summary>
    internal bool TryAdvanceUpward()
    {
        while (!TryAdvance())
        {
            if (!TryAscend())
                return false;
        }

        return true;
    }

    /// <summary>Fills the slot.</summary>
    /// <exception cref="InvalidOperationException">The slot is occupied.</exception>
    internal readonly void Attach(PageTableEntry entry)
    {
        if (!Entry.IsNone)
            throw new InvalidOperationException($"The {Level} slot at {SlotStart} is occupied by {Entry}.");
        _tree.Set(Table, Index, entry);
    }

    /// <summary>Takes what stands in the slot out of the tree. The caller now owns it: a leaf's frames, or a whole subtree.</summary>
    /// <exception cref="InvalidOperationException">The slot is empty.</exception>
    internal readonly DetachedEntry Detach()
    {
        PageTableEntry entry = Entry;
        if (entry.IsNone)
            throw new InvalidOperationException($"The {Level} slot at {SlotStart} is empty.");
        _tree.Set(Table, Index, PageTableEntry.None);
        return new DetachedEntry(_tree, Level, entry);
    }

    [InlineArray(PagingGeometry.MaximumLevels)]
    private struct Path
    {
        private FrameNumber _first;
    }
}

/// <summary>An entry that was taken out of its tree. Whoever holds it attaches it elsewhere or frees it; dropping it loses memory.</summary>
internal readonly ref struct DetachedEntry(PageTableTree tree, PageTableLevel level, PageTableEntry entry)
{
    /// <summary>Frees the table that the entry points to.</summary>
    /// <exception cref="InvalidOperationException">It is no table, or not empty.</exception>
    internal void FreeEmptyTable()
    {
        if (!entry.IsTable(level))
            throw new InvalidOperationException($"The detached {level} entry is no table: {entry}.");
        tree.Memory.FreeTable(entry.Frame);
    }
}
