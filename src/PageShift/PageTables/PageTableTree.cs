using System.Runtime.CompilerServices;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>
/// The tree of page tables of one address space. Every table knows its number of live entries (occupied slots), and a
/// table without any is freed at once, so that "none" and "nothing below" are the same thing at every level.
/// </summary>
/// <remarks>
/// Guarded by the address space: operations that take an entry away, replace one, or free a table need the mapping
/// lock exclusively; those that fill an empty slot need the mapping lock shared and the fault lock. A walk may run
/// beside the latter: slots are written after what they point to is complete.
/// </remarks>
internal sealed partial class PageTableTree : IDisposable
{
    internal PageTableTree(PhysicalMemory memory, PagingGeometry geometry)
    {
        Memory = memory;
        Geometry = geometry;
        if (!memory.TryAllocateTable(out FrameNumber root))
            throw new InsufficientMemoryException("No frame is left for the root of the page tables.");
        Root = root;
    }

    internal PhysicalMemory Memory { get; }

    internal PagingGeometry Geometry { get; }

    /// <summary>The frame of the root table: what a processor's CR3 would hold.</summary>
    internal FrameNumber Root { get; private set; }

    /// <summary>True when no slot of any table is occupied.</summary>
    internal bool IsEmpty => Memory.LiveEntries(Root) == 0;

    public void Dispose()
    {
        if (Root.IsNone)
            return;
        Zap(new AddressRange(VirtualAddress.Zero, Geometry.UserLimit), keepGuards: false);
        Memory.FreeTable(Root);
        Root = FrameNumber.None;
    }

    /// <summary>All slots of a table of <paramref name="level"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<PageTableEntry> Entries(FrameNumber table, PageTableLevel level) => Memory.Entries(table, Geometry.EntriesAt(level));

    /// <summary>Walks down to the slot that decides about <paramref name="address"/>, but no further than <paramref name="lowest"/>.</summary>
    internal PageTableWalk Walk(VirtualAddress address, PageTableLevel lowest = PageTableLevel.Pte)
    {
        PagingGeometry geometry = Geometry;
        FrameNumber table = Root;
        for (PageTableLevel level = geometry.Root; ; level--)
        {
            int index = geometry.Index(address, level);
            var entry = new PageTableEntry(Volatile.Read(ref EntryBits(table, index)));
            if (level == lowest || !entry.IsTable(level))
                return new PageTableWalk(level, table, index, entry);
            table = entry.Frame;
        }
    }

    /// <summary>The slot for <paramref name="address"/> in its table of <paramref name="level"/>, which is known.</summary>
    internal PageTableWalk LookAt(PageTableLevel level, FrameNumber table, VirtualAddress address)
    {
        int index = Geometry.Index(address, level);
        return new PageTableWalk(level, table, index, Memory.Entry(table, index));
    }

    /// <summary>Finds the table whose entries are of <paramref name="level"/> on the way to <paramref name="address"/>.</summary>
    internal bool TryFindTable(VirtualAddress address, PageTableLevel level, out FrameNumber table)
    {
        if (level == Geometry.Root)
        {
            table = Root;
            return true;
        }

        PageTableWalk walk = Walk(address, level + 1);
        bool isFound = walk.Level == level + 1 && walk.Entry.IsTable(level + 1);
        table = isFound ? walk.Entry.Frame : FrameNumber.None;
        return isFound;
    }

    /// <summary>Finds the lowest leaf or marker that touches <paramref name="range"/>; <paramref name="found"/> is the first address of the range that it covers.</summary>
    internal bool TryFindLive(AddressRange range, out VirtualAddress found)
    {
        var cursor = new PageTableCursor(this, range);
        bool isFound = cursor.MoveToNextLeaf();
        found = isFound ? cursor.Covered.Start : range.Start;
        return isFound;
    }

    /// <summary>Finds or makes the table whose entries are of <paramref name="level"/> on the way to <paramref name="address"/>.
    /// False when memory is out; then nothing has changed. A table that was made is empty: the caller fills a slot, or calls <see cref="FreeEmptyTables"/>.</summary>
    /// <exception cref="InvalidOperationException">A large leaf is in the way.</exception>
    internal bool TryMakeTable(VirtualAddress address, PageTableLevel level, out FrameNumber table)
    {
        if (TryFindTable(address, level, out table))
            return true;
        var cursor = new PageTableCursor(this, address);
        if (!cursor.TryEnterMaking(level))
            return false;
        if (cursor.Level != level)
            throw new InvalidOperationException($"A leaf at {cursor.Level} is in the way of a table at {address}.");
        table = cursor.Table;
        return true;
    }

    /// <summary>Writes a slot and keeps the table's count of live entries.</summary>
    internal void Set(FrameNumber table, int index, PageTableEntry entry)
    {
        ref PageTableEntry slot = ref Memory.Entry(table, index);
        int change = (entry.IsNone ? 0 : 1) - (slot.IsNone ? 0 : 1);
        Publish(ref slot, entry);
        if (change != 0)
            Memory.AddLiveEntries(table, change);
    }

    /// <summary>Sets bits of an occupied slot that other walkers may be setting too (A and D).</summary>
    internal void SetBits(FrameNumber table, int index, ulong bits) =>
        Interlocked.Or(ref EntryBits(table, index), bits);

    /// <summary>Frees the tables on the way to <paramref name="address"/> that have no live entry, from the table of <paramref name="level"/> upward.
    /// Returns how many were freed.</summary>
    internal int FreeEmptyTables(VirtualAddress address, PageTableLevel level)
    {
        int freed = 0;
        var cursor = new PageTableCursor(this, address);
        _ = cursor.TryEnterTo(level);
        while (cursor.LiveEntries == 0 && cursor.TryLeave())
        {
            cursor.Detach().FreeTable();
            freed++;
        }

        return freed;
    }
}
