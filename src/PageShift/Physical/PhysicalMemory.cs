using PageShift.Units;

namespace PageShift.Physical;

/// <summary>
/// Physical memory: an arena of 4 KiB frames that the host commits as they are touched, and an allocator of
/// constant cost. Several address spaces may share one, which is what fork needs.
/// </summary>
/// <remarks>
/// Thread-safe: allocation and release take a lock of this object for a short time (the innermost lock of the engine;
/// nothing else is taken under it); reference counts change atomically. The content of a frame belongs to
/// whoever holds a reference.
/// </remarks>
public sealed partial class PhysicalMemory : IDisposable
{
    private const uint ReservedFrames = 2; // frame 0 means "none"; frame 1 is the zero page

    private readonly FrameAllocator _backed;
    private readonly FrameAllocator? _unbacked;
    private AdaptiveLock _lock;
    private ulong _hugeZeroFrame;

    /// <summary>Makes physical memory of 64 GiB, none of it committed.</summary>
    public PhysicalMemory() : this(new PhysicalMemoryOptions())
    {
    }

    /// <summary>Makes physical memory as <paramref name="options"/> say.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A capacity is zero, too large, or no multiple of 2 MiB.</exception>
    /// <exception cref="OutOfMemoryException">The host has no memory for its bookkeeping, a few MiB.</exception>
    public PhysicalMemory(PhysicalMemoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        const ulong BlockBytes = FrameAllocator.BlockFrames * PageSize.Bytes;
        ArgumentOutOfRangeException.ThrowIfZero(options.CapacityBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.CapacityBytes, 1UL << 42);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.BytesFreeCapacityBytes, 1UL << 51);
        if ((options.CapacityBytes | options.BytesFreeCapacityBytes) % BlockBytes != 0)
            throw new ArgumentOutOfRangeException(nameof(options), "Capacities are multiples of 2 MiB.");

        if (options.TableOrder != 0 && (options.Fenced || options.BytesFreeCapacityBytes == 0))
            throw new ArgumentException("Tables of several frames need an arena for nothing else, without fences between the frames.", nameof(options));

        Options = options;
        ulong frames = options.CapacityBytes >> PageSize.Shift;
        _backed = new FrameAllocator(0, frames, hasContent: true, options.Fenced);
        _backed.ReserveFirst(ReservedFrames);
        if (options.BytesFreeCapacityBytes != 0)
            _unbacked = new FrameAllocator(frames, options.BytesFreeCapacityBytes >> PageSize.Shift, hasContent: false, fenced: false);
    }

    /// <summary>What this memory was made with.</summary>
    public PhysicalMemoryOptions Options { get; }

    /// <summary>True when frames of data have numbers but no content.</summary>
    internal bool IsBytesFree => _unbacked is not null;

    /// <summary>Frames that hold data now, each counted once however often it is mapped. The zero pages do not count.</summary>
    public ulong DataFrames
    {
        get
        {
            using (_lock.Enter())
                return _backed.AllocatedFrames + (_unbacked?.AllocatedFrames ?? 0) - ((TableFrames + PooledTables) << Options.TableOrder) - (_hugeZeroFrame == 0 ? 0 : HugeZeroFrames);
        }
    }

    /// <summary>True once the host has refused memory for frames. A call that has failed with <see cref="Abi.Errno.OutOfMemory"/> since may have failed for that alone, and Linux would
    /// have carried it out.</summary>
    internal bool IsHostExhausted => _backed.IsHostExhausted || _unbacked is { IsHostExhausted: true };

    /// <summary>For tests: how many more allocations succeed before all fail; negative for no limit.</summary>
    internal long AllocationsUntilFailure { get; set; } = -1;

    private ulong HugeZeroFrames { get; set; }

    /// <summary>Throws when <see cref="IsHostExhausted"/>: for those who compare results with Linux's, or show them as such.</summary>
    /// <exception cref="InsufficientMemoryException">The host has refused memory for frames.</exception>
    internal void ThrowIfHostExhausted()
    {
        if (IsHostExhausted)
            throw new InsufficientMemoryException("The host has no memory left for the frames of the emulated one.");
    }

    /// <summary>Throws when a fence behind a frame was overwritten; does nothing when the arena has no fences.</summary>
    /// <exception cref="InvalidOperationException">A fence was overwritten.</exception>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    internal void VerifyFences()
    {
        using Use use = EnterUse();
        using (_lock.Enter())
            _backed.VerifyFences();
    }

    /// <summary>Takes a frame for data with one reference. Its content is zero when <paramref name="zeroed"/>, else undefined.</summary>
    internal bool TryAllocateFrame(bool zeroed, out FrameNumber frame)
    {
        ulong number;
        bool isZero;
        using (_lock.Enter())
        {
            if (!Permit() || !(_unbacked ?? _backed).TryAllocate(out number, out isZero) && (Options.TableOrder != 0 || !TryTakePooled(out number, out isZero)))
            {
                frame = FrameNumber.None;
                return false;
            }
        }

        frame = new FrameNumber(number);
        if (zeroed && !isZero && _unbacked is null)
            Bytes(frame).Clear();
        return true;
    }

    /// <summary>Takes 2^<paramref name="order"/> frames for data, aligned to their number, each with one reference.</summary>
    internal bool TryAllocateContiguous(int order, bool zeroed, out FrameNumber first)
    {
        ulong number;
        bool isZero;
        using (_lock.Enter())
        {
            if (!Permit() || !(_unbacked ?? _backed).TryAllocateContiguous(order, out number, out isZero))
            {
                first = FrameNumber.None;
                return false;
            }
        }

        first = new FrameNumber(number);
        if (zeroed && !isZero && _unbacked is null)
        {
            for (ulong i = 0; i < 1UL << order; i++)
                Bytes(first + i).Clear();
        }

        return true;
    }

    /// <summary>Adds a reference to a frame of data. The zero pages are not counted.</summary>
    internal void AddReference(FrameNumber frame)
    {
        if (!IsZeroPage(frame))
            Interlocked.Increment(ref State(frame));
    }

    /// <summary>Drops a reference to a frame of data, and frees it with the last.</summary>
    internal void Release(FrameNumber frame)
    {
        using (_lock.Enter())
            ReleaseLocked(frame);
    }

    /// <summary>The references to a frame of data: the leaves that map it, plus one when a memory object holds it.</summary>
    internal uint References(FrameNumber frame) => (Volatile.Read(ref State(frame)) & FrameState.ValueMask) + 1;

    /// <summary>True for the zero page and the frames of the large zero page, which are never counted nor freed.</summary>
    internal bool IsZeroPage(FrameNumber frame) =>
        frame.Value == FrameNumber.ZeroPage.Value || (_hugeZeroFrame != 0 && frame.Value - _hugeZeroFrame < HugeZeroFrames);

    /// <summary>The large zero page of 2^<paramref name="order"/> frames, made when first asked for. There is one, of the order that was asked for first; for another there is none.</summary>
    internal bool TryGetHugeZero(int order, out FrameNumber first)
    {
        using (_lock.Enter())
        {
            if (_hugeZeroFrame == 0)
            {
                FrameAllocator allocator = _unbacked ?? _backed;
                if (!Permit() || !allocator.TryAllocateContiguous(order, out ulong number, out bool isZero))
                {
                    first = FrameNumber.None;
                    return false;
                }

                for (ulong i = 0; !isZero && _unbacked is null && i < 1UL << order; i++)
                    Bytes(new FrameNumber(number + i)).Clear();
                HugeZeroFrames = 1UL << order;
                _hugeZeroFrame = number;
            }

            bool fits = HugeZeroFrames == 1UL << order;
            first = fits ? new FrameNumber(_hugeZeroFrame) : FrameNumber.None;
            return fits;
        }
    }

    private FrameAllocator Owner(FrameNumber frame) =>
        _unbacked is not null && _unbacked.Owns(frame) ? _unbacked : _backed;

    private ref uint State(FrameNumber frame) => ref Owner(frame).State(frame);

    private bool Permit()
    {
        if (AllocationsUntilFailure < 0)
            return true;
        if (AllocationsUntilFailure == 0)
            return false;
        AllocationsUntilFailure--;
        return true;
    }
}
