using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>What a mapping shows when it is not purely anonymous: a file, a memfd, or the hidden object of a shared anonymous mapping. Its pages come into memory when they
/// are first needed, and stay: it is its own page cache.</summary>
/// <remarks>
/// Thread-safe; one object may be mapped in several address spaces on one <see cref="PhysicalMemory"/>. Its lock is taken inside the address space's locks and outside
/// the physical memory's.
/// <para>The object holds one reference to each of its frames; every leaf that maps one holds another.</para>
/// </remarks>
public sealed class MemoryObject : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Lock _resizing = new(); // taken outside all others: what grows the object waits until all spaces have lost what was cut off before
    private readonly PageReader? _reader;

    // Guarded by _lock.
    private readonly PageCache _cache;
    private readonly List<IObjectMapper> _mappers = [];
    private ulong _length;
    private ulong _readerLength = ulong.MaxValue; // what lies beyond has been cut off since: zeroes, whatever the reader has there
    private bool _isReading; // the reader is at work, on the thread that has the lock

    // Changed atomically. The mappings that show it and the descriptors that are open on it.
    private int _holders;

    /// <summary>Makes a file on a disk whose pages <paramref name="reader"/> brings in when they are first needed.</summary>
    /// <param name="memory">Where its pages are kept.</param>
    /// <param name="length">Its length in bytes; 2^64 - 1 for no end.</param>
    /// <param name="reader">Fills one page. It is called under the object's lock, and must not touch the object or a space that maps it. Accesses of other pages go on meanwhile; system
    /// calls on the space wait.</param>
    public MemoryObject(PhysicalMemory memory, ByteLength length, PageReader reader)
        : this(memory, MemoryObjectKind.File, length, reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
    }

    /// <summary>Makes a file in memory, as memfd_create does: its pages are zero until they are written.</summary>
    /// <param name="memory">Where its pages are kept.</param>
    /// <param name="length">Its length in bytes; 2^64 - 1 for no end.</param>
    public MemoryObject(PhysicalMemory memory, ByteLength length)
        : this(memory, MemoryObjectKind.Memory, length)
    {
    }

    /// <summary>Makes an object whose pages are zero until they are written.</summary>
    /// <param name="memory">Where its pages are kept.</param>
    /// <param name="kind">What it stands for.</param>
    /// <param name="length">Its length in bytes; 2^64 - 1 for no end.</param>
    /// <param name="reader">Brings pages in, or null for zeroes. It is called under the object's lock, and must not touch the object or a space that maps it. Accesses of other pages go on
    /// meanwhile; system calls on the space wait.</param>
    internal MemoryObject(PhysicalMemory memory, MemoryObjectKind kind, ByteLength length, PageReader? reader = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        Memory = memory;
        _cache = new PageCache(memory);
        _reader = reader;
        _length = length.Value;
        Kind = kind;
        IsUnlinked = kind == MemoryObjectKind.SharedAnonymous;
    }

    /// <summary>Makes a file with <paramref name="content"/>, which must not change afterwards.</summary>
    public MemoryObject(PhysicalMemory memory, ReadOnlyMemory<byte> content)
        : this(memory, MemoryObjectKind.File, new ByteLength((ulong)content.Length), (page, destination) => ReadFrom(content, page, destination))
    {
    }

    /// <summary>What stands behind it.</summary>
    internal MemoryObjectKind Kind { get; }

    /// <summary>True when nothing but descriptors and mappings holds it, as with a memfd, or a file whose name is gone: its pages go with the last of them. The hidden object of shared anonymous memory is always so.
    /// Otherwise its pages stay until <see cref="Dispose"/>.</summary>
    internal bool IsUnlinked { get; init; }

    /// <summary>Its length in bytes; 2^64 - 1 for no end.</summary>
    public ByteLength Length
    {
        get
        {
            lock (_lock)
                return new ByteLength(_length);
        }
    }

    /// <summary>Where its pages are kept.</summary>
    internal PhysicalMemory Memory { get; }

    /// <summary>True when page <paramref name="page"/> is in memory (what mincore tells about a mapping of it).</summary>
    /// <exception cref="ObjectDisposedException">The physical memory has been disposed.</exception>
    internal bool IsResident(PageCount page)
    {
        using PhysicalMemory.Use use = Memory.EnterUse();
        return Holds(page.Value);
    }

    /// <summary>Sets the length, as ftruncate does. Pages past a smaller length leave the object and every mapping of it, private copies too; what is past the end becomes zero, also of
    /// what a reader or the content has there, and stays so when the object grows again. A thread of a space that maps the object must not hold on to that space's lock. One length is set at a time.</summary>
    /// <exception cref="ObjectDisposedException">The physical memory has been disposed.</exception>
    public void SetLength(ByteLength length)
    {
        using PhysicalMemory.Use use = Memory.EnterUse();
        Enter().Dispose(); // the object's own reader would wait for itself
        using Lock.Scope resizing = _resizing.EnterScope();
        ulong endPage = PagesIn(length.Value);
        using (Enter())
        {
            bool losesPages = endPage < PagesIn(_length);
            bool shrinks = length.Value < _length;
            _length = length.Value;
            _readerLength = shrinks ? Math.Min(_readerLength, length.Value) : _readerLength;
            if (shrinks && endPage != 0 && !Memory.IsBytesFree && _cache.TryFind(endPage - 1, out FrameNumber last))
                ClearPast(_length, endPage - 1, last);
            if (!losesPages)
                return;
            _cache.RemoveRange(endPage, ulong.MaxValue >> PageSize.Shift, PageRemoval.Release);
        }

        var told = new HashSet<IObjectMapper>();
        while (TryFindMapper(told, out IObjectMapper? mapper))
            mapper.UnmapFrom(this, new PageCount(endPage));
    }

    /// <summary>Makes pages zero again (MADV_REMOVE, FALLOC_FL_PUNCH_HOLE). A page that nothing maps leaves memory; one that is mapped stays, zeroed.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <returns>False when memory is out, which happens only to an object with a reader: its holes are kept as pages of zeroes.</returns>
    /// <exception cref="ObjectDisposedException">The physical memory has been disposed.</exception>
    internal bool TryPunchHole(PageCount first, PageCount count)
    {
        using PhysicalMemory.Use use = Memory.EnterUse();
        const ulong LastPage = ulong.MaxValue >> PageSize.Shift;
        if (count.Value == 0 || first.Value > LastPage)
            return true;
        ulong last = first.Value + Math.Min(count.Value - 1, LastPage - first.Value);
        using (Enter())
        {
            if (_reader is not null)
                return TryZero(first.Value, last);
            _cache.RemoveRange(first.Value, last, PageRemoval.ZeroIfMapped);
            return true;
        }
    }

    /// <summary>Drops the object's pages. Leaves that map them keep them. The object is then as new, and may be used again. When its physical memory went first, the pages went with it.</summary>
    public void Dispose()
    {
        if (!Memory.TryEnterUse(out PhysicalMemory.Use use))
            return;
        using (use)
        using (Enter())
            _cache.RemoveRange(0, ulong.MaxValue >> PageSize.Shift, PageRemoval.Release);
    }

    /// <summary>Remembers a space that maps the object.</summary>
    internal void AddMapper(IObjectMapper mapper)
    {
        lock (_lock)
        {
            if (_mappers.Contains(mapper))
                return;
            _mappers.RemoveAll(static known => known.IsDisposed);
            _mappers.Add(mapper);
        }
    }

    /// <summary>Takes the leaves away that map pages anywhere but in one space, and drops the pages that this leaves unmapped and that are still zero: who has seen the hole
    /// may have written to it since. No lock is held.</summary>
    internal void UnmapHoleElsewhere(IObjectMapper origin, PageCount first, PageCount count)
    {
        var told = new HashSet<IObjectMapper> { origin };
        while (TryFindMapper(told, out IObjectMapper? mapper))
            mapper.UnmapPages(this, first, count);
        if (_reader is not null)
            return; // its zeroes stay
        using PhysicalMemory.Use use = Memory.EnterUse();
        using (Enter())
            _cache.RemoveRange(first.Value, first.Value + (count.Value - 1), PageRemoval.ReleaseZeroes);
    }

    /// <summary>True when a page is in memory.</summary>
    internal bool Holds(ulong page)
    {
        using (Enter())
            return _cache.TryFind(page, out _);
    }

    /// <summary>True when <paramref name="frame"/> is the object's own page <paramref name="page"/>, and not a private copy of it.</summary>
    internal bool Shows(ulong page, FrameNumber frame)
    {
        using (Enter())
            return _cache.TryFind(page, out FrameNumber own) && own == frame;
    }

    /// <summary>Adds one to the count of each frame that the object holds; returns the frames that its index takes.</summary>
    internal ulong CountReferences(Dictionary<ulong, uint> references)
    {
        using PhysicalMemory.Use use = Memory.EnterUse();
        using (Enter())
            return _cache.CountReferences(references);
    }

    /// <summary>An object of the same kind and length, without pages, that goes with its last mapping.</summary>
    internal MemoryObject WithoutPages() => new(Memory, Kind, Length) { IsUnlinked = true };

    /// <summary>True while a mapping shows the object or a descriptor is open on it.</summary>
    internal bool IsHeld => Volatile.Read(ref _holders) != 0;

    /// <summary>How many mappings, descriptors and tables hold it.</summary>
    internal int Holders => Volatile.Read(ref _holders);

    /// <summary>Counts a mapping that shows the object, or a descriptor that is open on it.</summary>
    internal void AddHolder() => Interlocked.Increment(ref _holders);

    /// <summary>Counts one more, unless nothing holds the object any more. Returns false then: its pages are gone, or are about to go.</summary>
    internal bool TryAddHolder()
    {
        for (int holders = Volatile.Read(ref _holders); holders != 0;)
        {
            int before = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (before == holders)
                return true;
            holders = before;
        }

        return false;
    }

    /// <summary>Counts one less. The pages of an object that nothing else can reach go with the last.</summary>
    internal void RemoveHolder()
    {
        if (Interlocked.Decrement(ref _holders) == 0 && IsUnlinked)
            Dispose();
    }

    /// <summary>Finds a page, or brings it in, and takes a reference for the caller's leaf.</summary>
    /// <exception cref="InvalidOperationException">The object's own reader asks for it.</exception>
    internal ObjectPageResult GetPage(ulong page, out FrameNumber frame)
    {
        using (Enter())
        {
            frame = FrameNumber.None;
            if (page >= PagesIn(_length))
                return ObjectPageResult.BeyondEnd;
            if (!_cache.TryFind(page, out frame) && !TryBringIn(page, out frame))
                return ObjectPageResult.OutOfMemory;
            Memory.AddReference(frame);
            return ObjectPageResult.Found;
        }
    }

    /// <summary>Finds a page only if it is in memory and before the end, and takes a reference for the caller's leaf.</summary>
    internal bool TryGetResidentPage(ulong page, out FrameNumber frame)
    {
        using (Enter())
        {
            frame = FrameNumber.None;
            if (page >= PagesIn(_length) || !_cache.TryFind(page, out frame))
                return false;
            Memory.AddReference(frame);
            return true;
        }
    }

    /// <summary>Does the same for up to 32 pages from <paramref name="first"/> on, those whose bit in <paramref name="wanted"/> is set. Returns the bits of those that it has found.</summary>
    internal uint FindResidentPages(ulong first, uint wanted, Span<FrameNumber> frames)
    {
        uint found = 0;
        using (Enter())
        {
            for (; wanted != 0; wanted &= wanted - 1)
            {
                int i = BitOperations.TrailingZeroCount(wanted);
                if (first + (ulong)i >= PagesIn(_length) || !_cache.TryFind(first + (ulong)i, out frames[i]))
                    continue;
                Memory.AddReference(frames[i]);
                found |= 1U << i;
            }
        }

        return found;
    }

    /// <summary>Takes the object's lock.</summary>
    /// <exception cref="InvalidOperationException">The object's own reader does: it would wait for itself.</exception>
    private Lock.Scope Enter()
    {
        Lock.Scope scope = _lock.EnterScope();
        if (_isReading)
            LeaveReader(scope);
        return scope;
    }

    [DoesNotReturn]
    private static void LeaveReader(Lock.Scope scope)
    {
        scope.Dispose();
        throw new InvalidOperationException("A memory object was used from inside the reader that brings its page in.");
    }

    /// <summary>Finds a space that maps the object and is not among those that were told already, and adds it to them. One by one, as a space that has not been told yet may fork meanwhile:
    /// its child has the same leaves, and is found later.</summary>
    private bool TryFindMapper(HashSet<IObjectMapper> told, [NotNullWhen(true)] out IObjectMapper? mapper)
    {
        lock (_lock)
            mapper = _mappers.Find(told.Add);
        return mapper is not null;
    }

    private bool TryBringIn(ulong page, out FrameNumber frame)
    {
        if (!Memory.TryAllocateFrame(zeroed: true, out frame))
            return false;
        bool added = false;
        try
        {
            if (_reader is not null && !Memory.IsBytesFree && page < PagesIn(_readerLength))
            {
                _isReading = true;
                _reader(new PageCount(page), Memory.Bytes(frame));
                ClearPast(Math.Min(_length, _readerLength), page, frame);
            }

            added = _cache.TryAdd(page, frame);
            return added;
        }
        finally
        {
            _isReading = false;
            if (!added)
                Memory.Release(frame);
        }
    }

    private bool TryZero(ulong first, ulong last)
    {
        ulong end = Math.Min(last + 1, PagesIn(_length));
        for (ulong page = first; page < end; page++)
        {
            if (_cache.TryFind(page, out FrameNumber frame))
            {
                if (!Memory.IsBytesFree)
                    Memory.Bytes(frame).Clear();
                continue;
            }

            if (!Memory.TryAllocateFrame(zeroed: true, out frame))
                return false;
            if (!_cache.TryAdd(page, frame))
            {
                Memory.Release(frame);
                return false;
            }
        }

        return true;
    }

    private void ClearPast(ulong length, ulong page, FrameNumber frame)
    {
        ulong start = page << PageSize.Shift;
        if (length - start < PageSize.Bytes)
            Memory.Bytes(frame)[(int)(length - start)..].Clear();
    }

    private static ulong PagesIn(ulong length) => (length >> PageSize.Shift) + ((length & (PageSize.Bytes - 1)) != 0 ? 1UL : 0);

    private static void ReadFrom(ReadOnlyMemory<byte> content, PageCount page, Span<byte> destination)
    {
        ulong start = page.Value << PageSize.Shift;
        if (start >= (ulong)content.Length)
            return;
        ReadOnlySpan<byte> rest = content.Span[(int)start..];
        rest[..Math.Min(rest.Length, destination.Length)].CopyTo(destination);
    }
}
