namespace PageShift.Physical;

public sealed partial class PhysicalMemory
{
    /// <summary>Enters the lock of the frames, so that many are taken or given back under one.</summary>
    internal FrameBatch EnterBatch() => new(this);

    /// <summary>Releases <paramref name="count"/> frames of data that follow one another.</summary>
    internal void ReleaseRange(FrameNumber first, ulong count)
    {
        using FrameBatch batch = EnterBatch();
        for (ulong i = 0; i < count;)
            i += (ulong)batch.Release(first + i, (int)Math.Min(count - i, FrameAllocator.BlockFrames));
    }

    private int AllocateRunLocked(int most, out FrameNumber first, out bool isZero)
    {
        first = FrameNumber.None;
        isZero = true;
        FrameAllocator allocator = _unbacked ?? _backed;
        int permitted = AllocationsUntilFailure < 0 ? most : 1;
        if (!Permit())
            return 0;
        int run = allocator.AllocateRun(permitted, out ulong number, out isZero);
        if (run == 0 && Options.TableOrder == 0 && TryTakePooled(out number, out isZero))
            run = 1;
        first = new FrameNumber(number);
        isZero |= _unbacked is not null; // there is nothing in them
        return run;
    }

    private int ReleaseRunLocked(FrameNumber first, int most)
    {
        FrameAllocator owner = Owner(first);
        int run = IsZeroPage(first) ? 0 : owner.CountSoleReferences(first, BelowZeroes(first, most));
        if (run != 0)
        {
            owner.FreeRun(first, run);
            return run;
        }

        ReleaseLocked(first);
        return 1;
    }

    /// <summary>Those of <paramref name="count"/> frames that come before the large page of zeroes, which is nobody's to free.</summary>
    private int BelowZeroes(FrameNumber first, int count) => _hugeZeroFrame > first.Value ? (int)Math.Min((ulong)count, _hugeZeroFrame - first.Value) : count;

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
        Owner(frame).Free(frame);
    }

    /// <summary>Frames of data that are taken and given back under one lock, which it holds until it is disposed of.</summary>
    internal readonly ref struct FrameBatch
    {
        private readonly PhysicalMemory _memory;
        private readonly AdaptiveLock.Scope _scope;

        internal FrameBatch(PhysicalMemory memory)
        {
            _memory = memory;
            _scope = memory._lock.Enter();
        }

        /// <summary>Takes up to <paramref name="most"/> frames that follow one another. Returns how many; 0 when memory is out.</summary>
        /// <param name="most">How many are wanted, one at least.</param>
        /// <param name="first">The first of them.</param>
        /// <param name="isZero">False when they hold what somebody has left in them.</param>
        internal int Allocate(int most, out FrameNumber first, out bool isZero) => _memory.AllocateRunLocked(most, out first, out isZero);

        /// <summary>Drops a reference to each of up to <paramref name="most"/> frames that follow one another. Returns how many, at least one: as long as they have no other reference.</summary>
        internal int Release(FrameNumber first, int most) => _memory.ReleaseRunLocked(first, most);

        public void Dispose() => _scope.Dispose();
    }
}
