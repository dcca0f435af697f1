using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>The table that a run is taking entries from, or putting entries into, and its parent, below which the next one mostly is too.</summary>
internal ref struct OpenTable
{
    private VirtualAddress _parentBlock;

    /// <summary>Where no table begins.</summary>
    internal static VirtualAddress NoBlock => new(ulong.MaxValue);

    /// <summary>No table.</summary>
    internal static OpenTable None => new() { Block = NoBlock, _parentBlock = NoBlock };

    /// <summary>The first address that the table covers, or <see cref="NoBlock"/>.</summary>
    internal VirtualAddress Block { get; set; }

    /// <summary>Its frame.</summary>
    internal FrameNumber Table { get; private set; }

    /// <summary>All its slots.</summary>
    internal Span<PageTableEntry> Entries { get; private set; }

    /// <summary>The table that points to it; itself at the root.</summary>
    internal FrameNumber Parent { get; private set; }

    /// <summary>True when all its slots were occupied when it was opened: then those that have not been moved yet still are.</summary>
    internal bool IsFull { get; set; }

    /// <summary>True when the table of <paramref name="level"/>, below the root's, for <paramref name="address"/> has the same parent.</summary>
    internal readonly bool SharesParent(VirtualAddress address, PageTableLevel level, PagingGeometry geometry) =>
        address.AlignDown(geometry.TableSpan(level + 1)) == _parentBlock;

    /// <summary>Goes to the root.</summary>
    internal void EnterRoot(PageTableTree tables)
    {
        Block = VirtualAddress.Zero;
        Table = tables.Root;
        Entries = tables.Entries(tables.Root);
        Parent = tables.Root;
    }

    /// <summary>Goes to <paramref name="table"/>, of <paramref name="level"/>, to which <paramref name="parent"/>'s entry for <paramref name="address"/> points.</summary>
    internal void Enter(FrameNumber table, FrameNumber parent, VirtualAddress address, PageTableLevel level, PageTableTree tables)
    {
        PagingGeometry geometry = tables.Geometry;
        Block = address.AlignDown(geometry.TableSpan(level));
        _parentBlock = address.AlignDown(geometry.TableSpan(level + 1));
        Table = table;
        Entries = tables.Entries(table);
        Parent = parent;
    }

    /// <summary>Goes to the table for <paramref name="address"/>; false, without moving, when there is none.</summary>
    internal bool TryEnter(VirtualAddress address, PageTableLevel level, PageTableTree tables)
    {
        PagingGeometry geometry = tables.Geometry;
        if (level == geometry.Root)
        {
            EnterRoot(tables);
            return true;
        }

        FrameNumber parent = Parent;
        if (!SharesParent(address, level, geometry) && !tables.TryFindTable(address, level + 1, out parent))
            return false;
        PageTableEntry entry = tables.Memory.Entry(parent, geometry.Index(address, level + 1));
        if (!entry.IsTable(level + 1))
            return false;
        Enter(entry.Frame, parent, address, level, tables);
        return true;
    }
}
