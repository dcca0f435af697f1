using System.Numerics;
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
    internal static int IndexOfLive(ReadOnlySpan<PageTableEntry> entries)
    {
        ReadOnlySpan<ulong> bits = MemoryMarshal.Cast<PageTableEntry, ulong>(entries); // an entry is exactly its 64 bits
        int empty = EmptyRuns(bits);
        if (empty == bits.Length)
            return -1;
        int found = bits[empty..].IndexOfAnyExcept(0UL);
        return found < 0 ? -1 : empty + found;
    }

    /// <summary>The index of the first empty slot, or -1.</summary>
    internal static int IndexOfEmpty(ReadOnlySpan<PageTableEntry> entries) =>
        MemoryMarshal.Cast<PageTableEntry, ulong>(entries).IndexOf(0UL); // an entry is exactly its 64 bits

    /// <summary>Moves slots to where no slot is occupied, without overlap, and leaves them empty: each is read once, and cleared while it is in the cache.</summary>
    internal static void MoveSlots(Span<PageTableEntry> from, Span<PageTableEntry> to)
    {
        const int Unroll = 4;
        ArgumentOutOfRangeException.ThrowIfNotEqual(to.Length, from.Length);
        ref ulong source = ref Unsafe.As<PageTableEntry, ulong>(ref MemoryMarshal.GetReference(from)); // an entry is exactly its 64 bits
        ref ulong destination = ref Unsafe.As<PageTableEntry, ulong>(ref MemoryMarshal.GetReference(to)); // likewise
        int i = 0;
        for (; i <= from.Length - (Unroll * Vector<ulong>.Count); i += Unroll * Vector<ulong>.Count)
        {
            // Within both spans: i + Unroll vectors is at most their length.
            Vector<ulong> one = Vector.LoadUnsafe(ref source, (nuint)i);
            Vector<ulong> two = Vector.LoadUnsafe(ref source, (nuint)(i + Vector<ulong>.Count));
            Vector<ulong> three = Vector.LoadUnsafe(ref source, (nuint)(i + (2 * Vector<ulong>.Count)));
            Vector<ulong> four = Vector.LoadUnsafe(ref source, (nuint)(i + (3 * Vector<ulong>.Count)));
            one.StoreUnsafe(ref destination, (nuint)i);
            two.StoreUnsafe(ref destination, (nuint)(i + Vector<ulong>.Count));
            three.StoreUnsafe(ref destination, (nuint)(i + (2 * Vector<ulong>.Count)));
            four.StoreUnsafe(ref destination, (nuint)(i + (3 * Vector<ulong>.Count)));
            Vector<ulong>.Zero.StoreUnsafe(ref source, (nuint)i);
            Vector<ulong>.Zero.StoreUnsafe(ref source, (nuint)(i + Vector<ulong>.Count));
            Vector<ulong>.Zero.StoreUnsafe(ref source, (nuint)(i + (2 * Vector<ulong>.Count)));
            Vector<ulong>.Zero.StoreUnsafe(ref source, (nuint)(i + (3 * Vector<ulong>.Count)));
        }

        for (; i < from.Length; i++)
        {
            to[i] = from[i];
            from[i] = PageTableEntry.None;
        }
    }

    /// <summary>Writes a slot after everything that was written before: a walk that runs beside this and sees the entry sees what it points to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Publish(ref PageTableEntry slot, PageTableEntry entry) =>
        Volatile.Write(ref Unsafe.As<PageTableEntry, ulong>(ref slot), entry.Value); // an entry is exactly its 64 bits

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong EntryBits(FrameNumber table, int index) =>
        ref Unsafe.As<PageTableEntry, ulong>(ref Memory.Entry(table, index)); // an entry is exactly its 64 bits; Volatile and Interlocked want a ulong

    /// <summary>How many slots from the first on are empty, as a multiple of eight vectors, so that one branch serves them all.</summary>
    private static int EmptyRuns(ReadOnlySpan<ulong> bits)
    {
        const int Unroll = 8;
        ref ulong first = ref MemoryMarshal.GetReference(bits);
        int i = 0;
        for (; i <= bits.Length - (Unroll * Vector<ulong>.Count); i += Unroll * Vector<ulong>.Count)
        {
            ref ulong at = ref Unsafe.Add(ref first, i); // within the span: i + Unroll vectors is at most its length
            Vector<ulong> any = Vector.LoadUnsafe(ref at) | Vector.LoadUnsafe(ref at, (nuint)Vector<ulong>.Count)
                | Vector.LoadUnsafe(ref at, (nuint)(2 * Vector<ulong>.Count)) | Vector.LoadUnsafe(ref at, (nuint)(3 * Vector<ulong>.Count))
                | Vector.LoadUnsafe(ref at, (nuint)(4 * Vector<ulong>.Count)) | Vector.LoadUnsafe(ref at, (nuint)(5 * Vector<ulong>.Count))
                | Vector.LoadUnsafe(ref at, (nuint)(6 * Vector<ulong>.Count)) | Vector.LoadUnsafe(ref at, (nuint)(7 * Vector<ulong>.Count));
            if (any != Vector<ulong>.Zero)
                break;
        }

        return i;
    }
}
