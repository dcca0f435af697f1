using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Units;

namespace PageShift.Physical;

/// <summary>
/// Hands out the frames of one range of frame numbers, with or without content, in O(1).
/// Frames come in blocks of 512 (2 MiB), so that a large leaf finds its aligned run: a block is either
/// uncarved, being carved in order, or carved; the free frames of a carved block form a list inside the
/// block, blocks with some free frames form a list, and blocks that became wholly free form another.
/// </summary>
/// <remarks>Not thread-safe: <see cref="PhysicalMemory"/>'s lock guards it, except for <see cref="State(FrameNumber)"/> and the content, which belong to whoever owns the frame.</remarks>
internal sealed unsafe class FrameAllocator : IDisposable
{
    internal const int BlockShift = 9;
    internal const uint BlockFrames = 1u << BlockShift;

    /// <summary>1 GiB of frames: 1 MiB of <see cref="FrameState"/> and 6 KiB of <see cref="BlockState"/> behind it, which the host commits page by page.</summary>
    private const int StateChunkShift = 18;

    /// <summary>64 MiB of content: small enough for a host that refuses large single reservations.</summary>
    private const int ContentChunkShift = 14;

    private const nuint ContentAlignment = 2 << 20;

    private static readonly nuint StateChunkBytes = (sizeof(uint) << StateChunkShift) + ((nuint)sizeof(BlockState) << (StateChunkShift - BlockShift));

    private const byte FencePattern = 0xFE;
    private const byte Poison = 0xDD;

    private readonly ulong _firstFrame;
    private readonly ulong _endFrame;
    private readonly bool _hasContent;
    private readonly bool _fenced;
    private readonly int _strideShift;

    // Owned: freed in Dispose. One pointer per chunk; zero until the first frame of the chunk is carved.
    private readonly uint** _stateChunks;
    private readonly byte** _contentChunks;
    private readonly byte** _contentAllocations; // what each chunk of content lies in, and is freed as
    private readonly ulong _stateChunkCount;
    private readonly ulong _contentChunkCount;

    // All block numbers below count from the allocator's first frame and are stored plus 1, so that 0 means none.
    private uint _partialBlocks;
    private uint _freeBlocks;
    private ulong _highWater;
    private ulong _carveNext;
    private ulong _carveEnd;
    private bool _carvingFresh;
    private bool _disposed;

    internal FrameAllocator(ulong firstFrame, ulong frameCount, bool hasContent, bool fenced)
    {
        _firstFrame = firstFrame;
        _endFrame = firstFrame + frameCount;
        _highWater = firstFrame;
        _hasContent = hasContent;
        _fenced = fenced;
        _strideShift = fenced ? PageSize.Shift + 1 : PageSize.Shift;
        // Counted once they are there: where the host refuses one, the finalizer frees the others.
        ulong stateChunks = (frameCount >> StateChunkShift) + 1;
        _stateChunks = (uint**)NativeMemory.AllocZeroed((nuint)stateChunks, (nuint)sizeof(uint*));
        _stateChunkCount = stateChunks;
        ulong contentChunks = hasContent ? (frameCount >> ContentChunkShift) + 1 : 0;
        _contentChunks = (byte**)NativeMemory.AllocZeroed((nuint)contentChunks + 1, (nuint)sizeof(byte*));
        _contentAllocations = (byte**)NativeMemory.AllocZeroed((nuint)contentChunks + 1, (nuint)sizeof(byte*));
        _contentChunkCount = contentChunks;
    }

    ~FrameAllocator() => Free();

    internal ulong AllocatedFrames { get; private set; }

    /// <summary>True once the host has refused memory for frames or their states.</summary>
    internal bool IsHostExhausted { get; private set; }

    /// <summary>Bytes that this allocator keeps per frame, all told.</summary>
    internal static int BookkeepingBytesPerFrame => sizeof(uint) + ((sizeof(BlockState) + (int)BlockFrames - 1) / (int)BlockFrames);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    internal bool Owns(FrameNumber frame) => frame.Value >= _firstFrame && frame.Value < _endFrame;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref uint State(FrameNumber frame) => ref State(frame.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref uint State(ulong frame)
    {
        ulong offset = frame - _firstFrame;
        return ref _stateChunks[offset >> StateChunkShift][offset & ((1UL << StateChunkShift) - 1)];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Content(FrameNumber frame)
    {
        ulong offset = frame.Value - _firstFrame;
        return _contentChunks[offset >> ContentChunkShift] + ((offset & ((1UL << ContentChunkShift) - 1)) << _strideShift);
    }

    /// <summary>The bookkeeping of a block, in the chunk that holds the states of its frames.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref BlockState Block(uint block)
    {
        uint* chunk = _stateChunks[block >> (StateChunkShift - BlockShift)];
        return ref ((BlockState*)(chunk + (1 << StateChunkShift)))[block & ((1u << (StateChunkShift - BlockShift)) - 1)];
    }

    // Blocks do not straddle chunks, so that the states of frames in one block lie side by side.
    private Span<uint> StatesFrom(ulong first, int count) => MemoryMarshal.CreateSpan(ref State(first), count);

    /// <summary>Takes one frame; <paramref name="isZeroed"/> tells that its content is known to be zero.</summary>
    internal bool TryAllocate(out ulong frame, out bool isZeroed)
    {
        if (_partialBlocks != 0)
        {
            frame = TakeFromPartial();
            isZeroed = false;
            return true;
        }

        if (_carveNext == _carveEnd && !TryStartBlock())
        {
            frame = 0;
            isZeroed = false;
            return false;
        }

        frame = _carveNext++;
        isZeroed = _carvingFresh;
        if (!_carvingFresh)
            State(frame) = FrameState.Data;
        AllocatedFrames++;
        return true;
    }

    /// <summary>Takes up to <paramref name="most"/> frames that follow one another, where that costs no more than taking one. Returns how many; 0 when there is none.</summary>
    internal int AllocateRun(int most, out ulong first, out bool isZeroed)
    {
        first = 0;
        isZeroed = false;
        if (_partialBlocks != 0)
            return TakeRunFromPartial(most, out first);
        if (_carveNext == _carveEnd && !TryStartBlock())
            return 0;
        int count = (int)Math.Min((ulong)most, _carveEnd - _carveNext);
        first = _carveNext;
        isZeroed = _carvingFresh;
        if (!_carvingFresh)
            StatesFrom(first, count).Clear();
        _carveNext += (ulong)count;
        AllocatedFrames += (ulong)count;
        return count;
    }

    /// <summary>Takes 2^<paramref name="order"/> frames, aligned to their number.</summary>
    internal bool TryAllocateContiguous(int order, out ulong frame, out bool isZeroed)
    {
        ulong count = 1UL << order;
        frame = 0;
        isZeroed = false;
        if (order < BlockShift)
            return TryCarveAligned(count, out frame, out isZeroed);
        if (order == BlockShift && _freeBlocks != 0)
        {
            frame = PopFreeBlock();
            for (ulong i = 0; i < BlockFrames; i++)
                State(frame + i) = FrameState.Data;
            AllocatedFrames += BlockFrames;
            return true;
        }

        ulong start = (_highWater + (count - 1)) & ~(count - 1);
        if (start + count > _endFrame || start < _highWater)
            return false;
        while (_highWater < start)
        {
            if (!TryCommitChunks(_highWater))
                return false;
            ReturnUntouchedBlock(_highWater);
            _highWater += BlockFrames;
        }

        for (ulong block = start; block < start + count; block += BlockFrames)
        {
            if (!TryCommitChunks(block))
                return false;
        }

        _highWater = start + count;
        frame = start;
        isZeroed = true;
        AllocatedFrames += count;
        return true;
    }

    internal void Free(FrameNumber freed)
    {
        ulong frame = freed.Value;
        ref uint state = ref State(frame);
        if ((state & FrameState.KindMask) is FrameState.Free or FrameState.Pooled)
            throw new InvalidOperationException($"Frame #{frame:x} was freed twice.");
        if (_fenced && _hasContent)
        {
            CheckFence(frame);
            NativeMemory.Fill(Content(freed), (nuint)PageSize.Bytes, Poison);
        }

        uint block = (uint)((frame - _firstFrame) >> BlockShift);
        ref BlockState info = ref Block(block);
        state = FrameState.Free | info.FirstFree;
        info.FirstFree = (ushort)(((frame - _firstFrame) & (BlockFrames - 1)) + 1);
        if (info.FreeCount++ == 0)
            PushPartial(block);
        AllocatedFrames--;
        if (info.FreeCount == BlockFrames)
            PushEmptied(block);
    }

    /// <summary>How many frames from <paramref name="frame"/> on, at most <paramref name="most"/> and all in its block, hold data with one reference each: what
    /// <see cref="FreeRun"/> takes. 0 in a fenced arena.</summary>
    internal int CountSoleReferences(FrameNumber frame, int most)
    {
        ulong first = frame.Value;
        if (_fenced)
            return 0;
        int inBlock = (int)(BlockFrames - ((first - _firstFrame) & (BlockFrames - 1)));
        int count = Math.Min(most, inBlock);
        int other = StatesFrom(first, count).IndexOfAnyExcept(FrameState.Data);
        return other < 0 ? count : other;
    }

    /// <summary>Frees frames that follow one another in one block, and that <see cref="CountSoleReferences"/> has looked at.</summary>
    internal void FreeRun(FrameNumber frame, int count)
    {
        ulong first = frame.Value;
        uint block = (uint)((first - _firstFrame) >> BlockShift);
        ref BlockState info = ref Block(block);
        Span<uint> states = StatesFrom(first, count);
        AllocatedFrames -= (ulong)count;
        if (count == BlockFrames)
        {
            states.Fill(FrameState.Free); // a second release is told by it
            PushFreeBlock(block);
            return;
        }

        // Chained upwards, so that they are handed out again in the order of their numbers. A link is an index in the block plus 1, as 0 means none.
        uint index = (uint)((first - _firstFrame) & (BlockFrames - 1));
        FrameState.FillFree(states, index + 2);
        states[^1] = FrameState.Free | info.FirstFree;
        info.FirstFree = (ushort)(index + 1);
        if (info.FreeCount == 0)
            PushPartial(block);
        info.FreeCount += (ushort)count;
        if (info.FreeCount == BlockFrames)
            PushEmptied(block);
    }

    internal void ReserveFirst(uint count)
    {
        if (!TryStartBlock())
            throw new InsufficientMemoryException("The host has no memory left for the first frames.");
        _carveNext += count;
    }

    /// <summary>Throws when the fence behind any allocated frame has been written to.</summary>
    internal void VerifyFences()
    {
        if (!_fenced || !_hasContent)
            return;
        for (ulong frame = _firstFrame; frame < _highWater; frame++)
        {
            if ((State(frame) & FrameState.KindMask) != FrameState.Free && !(frame >= _carveNext && frame < _carveEnd))
                CheckFence(frame);
        }
    }

    private ulong TakeFromPartial()
    {
        uint block = _partialBlocks - 1;
        ref BlockState info = ref Block(block);
        ulong frame = _firstFrame + ((ulong)block << BlockShift) + info.FirstFree - 1;
        ref uint state = ref State(frame);
        info.FirstFree = (ushort)(state & FrameState.ValueMask);
        state = FrameState.Data;
        if (--info.FreeCount == 0)
            UnlinkPartial(block);
        AllocatedFrames++;
        return frame;
    }

    /// <summary>Takes frames from a block's list as long as they follow one another.</summary>
    private int TakeRunFromPartial(int most, out ulong first)
    {
        uint block = _partialBlocks - 1;
        ref BlockState info = ref Block(block);
        uint next = info.FirstFree;
        uint expected = next;
        first = _firstFrame + ((ulong)block << BlockShift) + next - 1;
        Span<uint> states = StatesFrom(first, (int)Math.Min((uint)most, BlockFrames + 1 - next));
        int count = 0;
        for (; count < states.Length && next == expected; count++, expected++)
        {
            next = states[count] & FrameState.ValueMask;
            states[count] = FrameState.Data;
        }

        info.FirstFree = (ushort)next;
        info.FreeCount -= (ushort)count;
        if (info.FreeCount == 0)
            UnlinkPartial(block);
        AllocatedFrames += (ulong)count;
        return count;
    }

    private bool TryCarveAligned(ulong count, out ulong frame, out bool isZeroed)
    {
        ulong start = (_carveNext + (count - 1)) & ~(count - 1);
        if (start + count > _carveEnd)
        {
            FreeUncarved(_carveEnd);
            if (!TryStartBlock())
            {
                frame = 0;
                isZeroed = false;
                return false;
            }

            start = _carveNext;
        }

        FreeUncarved(start);
        for (ulong i = 0; !_carvingFresh && i < count; i++)
            State(start + i) = FrameState.Data;
        _carveNext = start + count;
        AllocatedFrames += count;
        frame = start;
        isZeroed = _carvingFresh;
        return true;
    }

    private void FreeUncarved(ulong end)
    {
        while (_carveNext < end)
        {
            ulong frame = _carveNext++;
            State(frame) = FrameState.Data;
            AllocatedFrames++;
            Free(new FrameNumber(frame));
        }
    }

    private bool TryStartBlock()
    {
        if (_freeBlocks != 0)
        {
            _carveNext = PopFreeBlock();
            _carvingFresh = false;
        }
        else
        {
            if (_highWater + BlockFrames > _endFrame || !TryCommitChunks(_highWater))
                return false;
            _carveNext = _highWater;
            _highWater += BlockFrames;
            _carvingFresh = true;
        }

        _carveEnd = _carveNext + BlockFrames;
        return true;
    }

    private bool TryCommitChunks(ulong frame)
    {
        ulong offset = frame - _firstFrame;
        try
        {
            ref uint* states = ref _stateChunks[offset >> StateChunkShift];
            if (states == null)
                states = (uint*)NativeMemory.AllocZeroed(StateChunkBytes);
            if (!_hasContent)
                return true;
            ref byte* content = ref _contentChunks[offset >> ContentChunkShift];
            if (content == null)
            {
                content = AllocateContent(offset >> ContentChunkShift);
                if (_fenced)
                    RaiseFences(content);
            }

            return true;
        }
        catch (OutOfMemoryException)
        {
            IsHostExhausted = true;
            return false;
        }
    }

    /// <summary>Takes a chunk of content from the host: all zeroes, and aligned like the large pages of the machines that this runs on, so that no frame shares a page or a
    /// cache line with another.</summary>
    private byte* AllocateContent(ulong chunk)
    {
        nuint bytes = (nuint)1 << (ContentChunkShift + _strideShift);
        byte* allocation = (byte*)NativeMemory.AllocZeroed(bytes + ContentAlignment);
        _contentAllocations[chunk] = allocation;
        var content = (byte*)(((nuint)allocation + (ContentAlignment - 1)) & ~(ContentAlignment - 1)); // within the allocation, which is longer by the alignment
        return content;
    }

    private void ReturnUntouchedBlock(ulong frame) => PushFreeBlock((uint)((frame - _firstFrame) >> BlockShift));

    private void PushPartial(uint block)
    {
        ref BlockState info = ref Block(block);
        info.Previous = 0;
        info.Next = _partialBlocks;
        if (_partialBlocks != 0)
            Block(_partialBlocks - 1).Previous = block + 1;
        _partialBlocks = block + 1;
    }

    private void UnlinkPartial(uint block)
    {
        ref BlockState info = ref Block(block);
        if (info.Previous == 0)
            _partialBlocks = info.Next;
        else
            Block(info.Previous - 1).Next = info.Next;
        if (info.Next != 0)
            Block(info.Next - 1).Previous = info.Previous;
        info.Next = info.Previous = 0;
    }

    /// <summary>Puts a block whose last frame was freed among the free ones.</summary>
    private void PushEmptied(uint block)
    {
        UnlinkPartial(block);
        Block(block) = default;
        PushFreeBlock(block);
    }

    private void PushFreeBlock(uint block)
    {
        Block(block).Next = _freeBlocks;
        _freeBlocks = block + 1;
    }

    private ulong PopFreeBlock()
    {
        uint block = _freeBlocks - 1;
        _freeBlocks = Block(block).Next;
        Block(block).Next = 0;
        return _firstFrame + ((ulong)block << BlockShift);
    }

    private static void RaiseFences(byte* content)
    {
        for (ulong i = 0; i < 1UL << ContentChunkShift; i++)
            NativeMemory.Fill(content + (i * 2 * PageSize.Bytes) + PageSize.Bytes, (nuint)PageSize.Bytes, FencePattern);
    }

    private void CheckFence(ulong frame)
    {
        var fence = new ReadOnlySpan<byte>(Content(new FrameNumber(frame)) + PageSize.Bytes, (int)PageSize.Bytes);
        int hit = fence.IndexOfAnyExcept(FencePattern);
        if (hit >= 0)
            throw new InvalidOperationException($"The fence behind frame #{frame:x} was overwritten at byte {hit}.");
    }

    private void Free()
    {
        if (_disposed)
            return;
        _disposed = true;
        for (ulong i = 0; i < _stateChunkCount; i++)
            NativeMemory.Free(_stateChunks[i]);
        for (ulong i = 0; i < _contentChunkCount; i++)
            NativeMemory.Free(_contentAllocations[i]);
        NativeMemory.Free(_stateChunks);
        NativeMemory.Free(_contentChunks);
        NativeMemory.Free(_contentAllocations);
    }

    private struct BlockState
    {
        public uint Next;
        public uint Previous;
        public ushort FirstFree;
        public ushort FreeCount;
    }
}
