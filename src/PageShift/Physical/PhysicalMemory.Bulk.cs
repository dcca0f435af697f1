using PageShift.PageTables;

namespace PageShift.Physical;

public sealed partial class PhysicalMemory
{
    /// <summary>Releases the frames of all mapped 4 KiB entries in <paramref name="entries"/>, under one lock.</summary>
    internal void ReleaseMapped(ReadOnlySpan<PageTableEntry> entries)
    {
        using (_lock.Enter())
        {
            foreach (PageTableEntry entry in entries)
            {
                if (entry.IsMapped)
                    ReleaseLocked(entry.Frame);
            }
        }
    }

    /// <summary>Fills the empty slots among <paramref name="slots"/> with leaves of fresh zeroed frames and <paramref name="bits"/>, under one lock. False when
    /// memory is out after <paramref name="filled"/> slots.</summary>
    internal bool TryFill(Span<PageTableEntry> slots, ulong bits, out int filled)
    {
        filled = 0;
        FrameAllocator allocator = _unbacked ?? _backed;
        using (_lock.Enter())
        {
            for (int i = 0; i < slots.Length; i++)
            {
                if (!slots[i].IsNone)
                    continue;
                if (!Permit() || !allocator.TryAllocate(out ulong number, out bool isZero) && !TryTakePooled(out number, out isZero))
                    return false;
                var frame = new FrameNumber(number);
                if (!isZero && _unbacked is null)
                    Bytes(frame).Clear();
                slots[i] = PageTableEntry.Leaf(frame, bits);
                filled++;
            }
        }

        return true;
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
