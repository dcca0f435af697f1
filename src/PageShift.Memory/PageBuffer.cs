using PageShift.Memory.Kernel;
using PageShift.Memory.Moving;
using PageShift.Memory.Pieces;

namespace PageShift.Memory;

/// <summary>
/// Contiguous native memory of whole pages, in an address range that it owns. Inserting, removing and moving stretches of it, growing it and joining it with others shift page-table
/// entries instead of bytes where that is cheaper.
/// </summary>
/// <remarks>
/// Offsets and lengths are in bytes. Those of what shifts pages are multiples of <see cref="PageSize"/>; those of what only reads and writes are any. Memory that was never written to
/// reads as zeroes.
/// <para>An operation that shifts pages either happens or throws and leaves the buffer as it was; it can throw only before it has begun, and ends by copying where the kernel refuses to
/// move. What it moves must not be accessed meanwhile: spans and pointers are good until the next such operation. Hold a <see cref="Lease"/> while you use them, and it throws
/// instead.</para>
/// <para>Not thread-safe: calls of one buffer exclude each other, except that any number of threads may read and write through spans and pointers while no operation runs. Two buffers never wait for each other in user space; the kernel serialises the
/// changes of a process's mappings. Not to be used in a child made by fork.</para>
/// <para>Dispose gives the address space back, as the finaliser does; spans don't keep a buffer alive. After it every member throws <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed partial class PageBuffer : IDisposable
{
    private readonly IMemoryKernel _kernel;
    private readonly PageBufferOptions _options;
    private readonly ulong _page;
    private PieceMap _pieces = new();
    private readonly PageMover _mover;
    private readonly PieceMerger _merger;
    private Reservation? _reservation; // null when disposed
    private ulong _base;
    private ulong _length;
    private int _leases;
    private bool _isLost;
    private PageAdvice? _advice; // on huge pages, of all its addresses; null while none was given

    /// <summary>Makes a buffer of zeroes with the default options.</summary>
    /// <param name="length">Its bytes: a multiple of the page size, or 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or no multiple of the page size.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageBuffer(long length)
        : this(length, PageBufferOptions.Default)
    {
    }

    /// <summary>Makes a buffer of zeroes.</summary>
    /// <param name="length">Its bytes: a multiple of the page size, or 0.</param>
    /// <param name="options">How it is made.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or no multiple of the page size, the capacity is negative, or fewer than 4 pieces are allowed.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageBuffer(long length, PageBufferOptions options)
        : this(length, options, SystemKernel.Instance)
    {
    }

    internal PageBuffer(long length, PageBufferOptions options, IMemoryKernel kernel, ulong congruentWith = 0)
    {
        const int FewestPieces = 4;
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Capacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaximumPieces, FewestPieces);
        _kernel = kernel;
        _options = options;
        _page = kernel.PageSize;
        CheckPages(length, nameof(length));
        _mover = new PageMover(kernel, options.Costs, options.Strategy);
        _merger = new PieceMerger(kernel, options.MaximumPieces);
        ulong capacity = options.Capacity == 0 ? 2 * (ulong)length : (ulong)Math.Max(options.Capacity, length);
        _reservation = Take(capacity, congruentWith, out _base);
        try
        {
            Commit((ulong)length);
        }
        catch
        {
            Dispose();
            throw;
        }

        _length = (ulong)length;
        Conceal();
    }

    /// <summary>Its bytes: a multiple of <see cref="PageSize"/>.</summary>
    /// <remarks>Any number of threads may ask while no operation runs.</remarks>
    public long Length => (long)Living()._length;

    /// <summary>The bytes that fit from the present base on without a new one. <see cref="DropFront"/> and <see cref="Slide"/> move the base towards the end, and so take from it.</summary>
    /// <remarks>Any number of threads may ask while no operation runs.</remarks>
    public long Capacity => (long)(Living()._reservation!.End - _base);

    /// <summary>The bytes of a page.</summary>
    /// <remarks>Any number of threads may ask while no operation runs.</remarks>
    public int PageSize => (int)Living()._page;

    /// <summary>How many pieces it consists of: mappings of the process. It is an upper bound: where two may or may not have merged, they count as two.</summary>
    /// <remarks>Any number of threads may ask while no operation runs.</remarks>
    public int PieceCount => Living()._pieces.Count;

    /// <summary>True while a lease or a pin is held.</summary>
    /// <remarks>Any number of threads may ask while no operation runs.</remarks>
    public bool IsLeased => Living()._leases != 0;

    internal PieceMap Pieces => _pieces;

    internal ulong BaseAddress => _base;

    /// <summary>The length; 0 when nothing may be used any more.</summary>
    internal long UsableLength => _isLost ? 0 : (long)_length;

    /// <summary>False when only Dispose is left.</summary>
    internal bool IsUsable => _reservation is not null && !_isLost;

    /// <summary>Called at the end of each operation, also of one that throws, and when the buffer is disposed: for a list that keeps where its values are.</summary>
    internal Action? Changed { get; set; }

    /// <summary>Gives the memory and the address space back. Spans, pointers and leases are bad from here on. Does nothing the second time.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void Dispose()
    {
        _mover.Dispose();
        _reservation?.Dispose();
        _reservation = null;
        _pieces.Clear();
        _length = 0;
        Changed?.Invoke();
    }

    /// <summary>Holds the buffer's bytes in place until the lease is disposed: whatever would shift pages, or give them back, throws meanwhile. Several may be held at a time.</summary>
    /// <exception cref="InsufficientMemoryException">The memory could not be made accessible (only with <see cref="PageBufferOptions.FindUnleasedUse"/>).</exception>
    /// <remarks>Not thread-safe. Takes no memory.</remarks>
    public PageLease Lease()
    {
        AddLease();
        return new PageLease(this);
    }

    internal void AddLease()
    {
        Living();
        if (_leases == 0)
            Expose();
        _leases++;
    }

    internal void RemoveLease()
    {
        if (_reservation is null || _leases == 0) // a lease that was disposed twice must not count against the next
            return;
        _leases--;
        if (_leases == 0)
            Conceal();
    }

    /// <summary>Begins an operation: the buffer lives, and its memory is accessible.</summary>
    private Operation Enter()
    {
        Living();
        if (_leases == 0)
            Expose();
        return new Operation(this);
    }

    /// <summary>Begins an operation that shifts pages or gives them back.</summary>
    private Operation EnterShift()
    {
        Living().ThrowIfLeased();
        Expose();
        return new Operation(this);
    }

    /// <summary>Refuses what would move bytes while a lease holds them in place.</summary>
    internal void ThrowIfLeased()
    {
        if (_leases != 0)
            throw new InvalidOperationException($"The buffer is leased or pinned ({_leases} times): its bytes can't be moved.");
    }

    private PageBuffer Living()
    {
        ObjectDisposedException.ThrowIf(_reservation is null, this);
        if (_isLost)
            throw new LostPlaceException();
        return this;
    }

    private void Expose()
    {
        if (_options.FindUnleasedUse && _pieces.Count != 0)
            ThrowIfRefused(_kernel.Protect(_base, _pieces.End - _base, PageAccess.ReadWrite), _length);
    }

    private void Conceal()
    {
        if (_options.FindUnleasedUse && _pieces.Count != 0)
            _kernel.Protect(_base, _pieces.End - _base, PageAccess.None); // if it fails, a use goes unnoticed
    }

    private void CheckPages(long value, string name)
    {
        if (value < 0 || ((ulong)value & (_page - 1)) != 0)
            throw new ArgumentOutOfRangeException(name, value, $"{value} is not a multiple of the page size, {_page}, from 0 on.");
    }

    private static void CheckRange(ulong offset, ulong length, ulong limit, string what)
    {
        if (offset > limit || length > limit - offset)
            throw new ArgumentOutOfRangeException(what, $"{length} bytes at {offset} reach beyond the buffer's end at {limit}.");
    }

    private static void ThrowIfRefused(long answer, ulong length)
    {
        if (answer < 0)
            throw new InsufficientMemoryException($"The kernel refused memory for a length of {length} bytes: errno {-answer}.");
    }

    /// <summary>What runs between the start and the end of an operation.</summary>
    private readonly ref struct Operation(PageBuffer buffer)
    {
        /// <summary>Ends it.</summary>
        public void Dispose()
        {
            if (buffer._leases == 0)
                buffer.Conceal();
            buffer.Changed?.Invoke();
        }
    }
}
