using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>A run of neighbouring slots of one level that move together.</summary>
internal readonly record struct MoveRun
{
    internal MoveRun(PageTableLevel level, VirtualAddress source, VirtualAddress destination, ulong slots, ulong entries)
    {
        Level = level;
        Source = source;
        Destination = destination;
        Slots = slots;
        Entries = entries;
    }

    /// <summary>The same run in addresses that are 2^<paramref name="shift"/> times as large.</summary>
    internal MoveRun Scaled(int shift) => new(Level, new VirtualAddress(Source.Value << shift), new VirtualAddress(Destination.Value << shift), Slots, Entries);

    /// <summary>The level of the slots.</summary>
    public PageTableLevel Level { get; }

    /// <summary>The address that the first (lowest) slot covers from. A multiple of the level's span.</summary>
    public VirtualAddress Source { get; }

    /// <summary>The address that it covers from afterwards. A multiple of the level's span.</summary>
    public VirtualAddress Destination { get; }

    /// <summary>The slots in the run, occupied or not.</summary>
    public ulong Slots { get; internal init; }

    /// <summary>The occupied ones: the entries that move.</summary>
    public ulong Entries { get; internal init; }

    /// <summary>The bytes that the slots cover.</summary>
    internal ByteLength Length(PagingGeometry geometry) => new(Slots << geometry.SpanShift(Level));
}
