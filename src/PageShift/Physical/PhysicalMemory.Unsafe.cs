using System.Runtime.CompilerServices;
using PageShift.PageTables;

namespace PageShift.Physical;

public sealed partial class PhysicalMemory
{
    /// <summary>The 4096 bytes of a frame. Valid while the caller holds a reference to the frame.</summary>
    internal unsafe Span<byte> Bytes(FrameNumber frame) =>
        new(_backed.Content(frame.Value), (int)PageSize.Bytes); // the arena never moves, so the span outlives nothing

    /// <summary>The host address of a frame's first byte, for a software TLB.</summary>
    internal unsafe nuint HostAddress(FrameNumber frame) => (nuint)_backed.Content(frame.Value);

    /// <summary>The first <paramref name="count"/> entries of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe Span<PageTableEntry> Entries(FrameNumber table, int count) =>
        new(_backed.Content(table.Value), count); // a table is one frame of 512 entries; count is the geometry's, at most 512

    /// <summary>One entry of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe ref PageTableEntry Entry(FrameNumber table, int index) =>
        ref ((PageTableEntry*)_backed.Content(table.Value))[index]; // index is masked to the geometry's table by the caller
}
