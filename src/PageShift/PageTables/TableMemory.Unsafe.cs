using System.Runtime.CompilerServices;
using PageShift.Physical;

namespace PageShift.PageTables;

/// <summary>Physical memory as page tables see it: frames that hold entries.</summary>
internal static partial class TableMemory
{
    /// <summary>The first <paramref name="count"/> entries of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe Span<PageTableEntry> Entries(this PhysicalMemory memory, FrameNumber table, int count) =>
        new((void*)memory.HostAddress(table), count); // count is the geometry's, and a table has as many frames in a row as that takes

    /// <summary>One entry of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe ref PageTableEntry Entry(this PhysicalMemory memory, FrameNumber table, int index) =>
        ref ((PageTableEntry*)memory.HostAddress(table))[index]; // index is masked to the geometry's table by the caller
}
