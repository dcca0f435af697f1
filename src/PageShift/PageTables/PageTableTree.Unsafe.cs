using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>The occupied slots in <paramref name="entries"/>, counted with vector instructions.</summary>
    internal static int CountLive(ReadOnlySpan<PageTableEntry> entries) =>
        entries.Length - MemoryMarshal.Cast<PageTableEntry, ulong>(entries).Count(0UL); // an entry is exactly its 64 bits

    /// <summary>The index of the first occupied slot, or -1.</summary>
    internal static int IndexOfLive(ReadOnlySpan<PageTableEntry> entries) =>
        MemoryMarshal.Cast<PageTableEntry, ulong>(entries).IndexOfAnyExcept(0UL); // an entry is exactly its 64 bits

    private ref ulong EntryBits(FrameNumber table, int index) =>
        ref Unsafe.As<PageTableEntry, ulong>(ref Memory.Entry(table, index)); // an entry is exactly its 64 bits; Volatile and Interlocked want a ulong
}
