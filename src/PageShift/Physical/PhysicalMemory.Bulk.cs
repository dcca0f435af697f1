using PageShift.PageTables;

namespace PageShift.Physical;

public sealed partial class PhysicalMemory
{
    /// <summary>Releases the frames of all mapped 4 KiB entries in <paramref name="entries"/>, under one lock. Frames that follow one another and have no other reference go
    /// together.</summary>
    internal void ReleaseMapped(ReadOnlySpan<PageTableEntry> entries)
    {
        using (_lock.Enter())
        {
            for (int i = 0; i < entries.Length; i++)
            {
                if (!entries[i].IsMapped)
                    continue;
                int run = ReleaseRun(entries[i..]);
                if (run == 0)
                    ReleaseLocked(entries[i].Frame);
                else
                    i += run - 1;
            }
        }
    }

    /// <summary>Releases <paramref name="count"/> frames of data that follow one another.</summary>
    internal void ReleaseRange(FrameNumber first, ulong count)
    {
        using (_lock.Enter())
        {
            FrameAllocator owner = Owner(first);
            for (ulong i = 0; i < count;)
            {
                FrameNumber frame = first + i;
                int run = IsZeroPage(frame) ? 0 : owner.CountSoleReferences(frame.Value, (int)Math.Min(count - i, FrameAllocator.BlockFrames));
                if (run == 0)
                    ReleaseLocked(frame);
                else
                    owner.FreeRun(frame.Value, run);
                i += (ulong)Math.Max(1, run);
            }
        }
    }

    /// <summary>Fills the empty slots among <paramref name="slots"/> with leaves of fresh zeroed frames and <paramref name="bits"/>. False when
    /// memory is out after <paramref name="filled"/> slots.</summary>
    internal bool TryFill(Span<PageTableEntry> slots, ulong bits, out int filled)
    {
        filled = 0;
        for (int i = 0; i < slots.Length;)
        {
            int empty = EmptyFromFirst(slots[i..]);
            if (!TryFillEmpty(slots.Slice(i, empty), bits, out int done))
            {
                filled += done;
                return false;
            }

            filled += done;
            i += Math.Max(1, empty);
        }

        return true;
    }

    /// <summary>The same for slots that are all empty, under one lock as long as the frames are zero already: the first <paramref name="filled"/> of them are filled.</summary>
    internal bool TryFillEmpty(Span<PageTableEntry> slots, ulong bits, out int filled)
    {
        for (filled = 0; filled < slots.Length;)
        {
            int used = 0; // how many frames of the last run hold what somebody has left in them
            using (_lock.Enter())
            {
                while (used == 0 && filled < slots.Length)
                {
                    int run = FillRun(slots[filled..], bits, out bool isZero);
                    if (run == 0)
                        return false;
                    filled += run;
                    used = isZero ? 0 : run;
                }
            }

            foreach (PageTableEntry leaf in slots[(filled - used)..filled])
                Bytes(leaf.Frame).Clear();
        }

        return true;
    }

    /// <summary>Fills empty slots from the first on with frames that follow one another. Returns how many; 0 when memory is out.</summary>
    private int FillRun(Span<PageTableEntry> slots, ulong bits, out bool isZero)
    {
        isZero = true;
        FrameAllocator allocator = _unbacked ?? _backed;
        int most = AllocationsUntilFailure < 0 ? slots.Length : 1;
        if (!Permit())
            return 0;
        int run = allocator.AllocateRun(most, out ulong first, out isZero);
        if (run == 0 && TryTakePooled(out first, out isZero))
            run = 1;
        ulong leaf = PageTableEntry.Leaf(new FrameNumber(first), bits).Value;
        foreach (ref PageTableEntry slot in slots[..run])
        {
            slot = new PageTableEntry(leaf);
            leaf += PageSize.Bytes; // the next frame
        }

        isZero |= _unbacked is not null; // there is nothing in them
        return run;
    }

    private static int EmptyFromFirst(ReadOnlySpan<PageTableEntry> slots)
    {
        int empty = 0;
        while (empty < slots.Length && slots[empty].IsNone)
            empty++;
        return empty;
    }

    /// <summary>Releases frames that follow one another and have no other reference, from the first entry on; returns how many, which may be 0.</summary>
    private int ReleaseRun(ReadOnlySpan<PageTableEntry> entries)
    {
        ulong frame = entries[0].Frame.Value;
        if (IsZeroPage(entries[0].Frame))
            return 0;
        FrameAllocator owner = Owner(entries[0].Frame);
        int run = owner.CountSoleReferences(frame, 1);
        if (run == 0)
            return 0;
        const ulong Noted = PageTableEntry.AccessedBit | PageTableEntry.DirtyBit;
        ulong next = (entries[0].Value | Noted) + PageSize.Bytes; // the same permissions, the next frame
        int most = _hugeZeroFrame > frame ? (int)Math.Min((ulong)entries.Length, _hugeZeroFrame - frame) : entries.Length; // the large zero page is nobody's to free
        for (; run < most && (entries[run].Value | Noted) == next; run++)
            next += PageSize.Bytes;
        run = owner.CountSoleReferences(frame, run);
        owner.FreeRun(frame, run);
        return run;
    }

    private void ReleaseLocked(FrameNumber frame)
    {
        if (IsZeroPage(frame))
            return;
        ref uint state = ref State(frame);
        if ((state & FrameState.KindMask) != FrameState.Data)
            throw new InvalidOperationException($"Frame {frame} is released as data, but is not (state 0x{state:x8}).");

        // Stored is references - 1: the last release takes it below zero.
        if (state != 0 && Interlocked.Decrement(ref state) != uint.MaxValue)
            return;
        state = FrameState.Data;
        Owner(frame).Free(frame.Value);
    }
}
