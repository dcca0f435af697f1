using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Physical;
using PageShift.Units;

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

    /// <summary>How many entries from the first on have all of <paramref name="bits"/>.</summary>
    internal static int CountHaving(ReadOnlySpan<PageTableEntry> entries, ulong bits)
    {
        const int Unroll = 4;
        ref ulong first = ref Unsafe.As<PageTableEntry, ulong>(ref MemoryMarshal.GetReference(entries)); // an entry is exactly its 64 bits
        var needed = new Vector<ulong>(bits);
        int i = 0;
        for (; i <= entries.Length - (Unroll * Vector<ulong>.Count); i += Unroll * Vector<ulong>.Count)
        {
            ref ulong at = ref Unsafe.Add(ref first, i); // within the span: i + Unroll vectors is at most its length
            Vector<ulong> all = Vector.LoadUnsafe(ref at) & Vector.LoadUnsafe(ref at, (nuint)Vector<ulong>.Count)
                & Vector.LoadUnsafe(ref at, (nuint)(2 * Vector<ulong>.Count)) & Vector.LoadUnsafe(ref at, (nuint)(3 * Vector<ulong>.Count));
            if ((all & needed) != needed)
                break;
        }

        while (i < entries.Length && entries[i].HasAll(bits))
            i++;
        return i;
    }

    /// <summary>Fills slots with leaves of frames that follow one another.</summary>
    private static void FillSuccessive(Span<PageTableEntry> slots, FrameNumber first, ulong bits)
    {
        ulong leaf = PageTableEntry.Leaf(first, bits).Value;
        ref ulong slot = ref Unsafe.As<PageTableEntry, ulong>(ref MemoryMarshal.GetReference(slots)); // an entry is exactly its 64 bits
        Vector<ulong> leaves = Vector.CreateSequence(leaf, PageSize.Bytes);
        var step = new Vector<ulong>((ulong)Vector<ulong>.Count * PageSize.Bytes);
        int i = 0;
        for (; i <= slots.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
        {
            leaves.StoreUnsafe(ref slot, (nuint)i); // within the span: i + a vector is at most its length
            leaves += step;
        }

        for (; i < slots.Length; i++)
            slots[i] = new PageTableEntry(leaf + ((ulong)i * PageSize.Bytes));
    }

    /// <summary>How many entries from the first on map frames that follow one another, with the same permissions.</summary>
    private static int CountSuccessive(ReadOnlySpan<PageTableEntry> entries)
    {
        const ulong Noted = PageTableEntry.AccessedBit | PageTableEntry.DirtyBit;
        ulong first = entries[0].Value | Noted;
        ref ulong entry = ref Unsafe.As<PageTableEntry, ulong>(ref MemoryMarshal.GetReference(entries)); // an entry is exactly its 64 bits
        var noted = new Vector<ulong>(Noted);
        Vector<ulong> expected = Vector.CreateSequence(first, PageSize.Bytes);
        var step = new Vector<ulong>((ulong)Vector<ulong>.Count * PageSize.Bytes);
        int i = 0;
        for (; i <= entries.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
        {
            if ((Vector.LoadUnsafe(ref entry, (nuint)i) | noted) != expected) // within the span: i + a vector is at most its length
                break;
            expected += step;
        }

        while (i < entries.Length && (entries[i].Value | Noted) == first + ((ulong)i * PageSize.Bytes))
            i++;
        return i;
    }
}
