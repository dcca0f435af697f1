using System.Diagnostics.CodeAnalysis;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>The System V shared memory of processes that share an IPC namespace: segments by their identifiers and keys. It goes with the last of them.</summary>
/// <remarks>Thread-safe. Its lock is taken inside the mapping lock of a space and outside the lock of a memory object. Source: shmget(2), shmctl(2), sysvipc(7); the order of the checks, and which identifiers
/// are given, were found on Linux 6.18.</remarks>
internal sealed class SegmentTable(PhysicalMemory memory)
{
    /// <summary>The key of a segment that no key finds (IPC_PRIVATE).</summary>
    internal const int PrivateKey = 0;

    /// <summary>The most segments (kernel.shmmni).</summary>
    internal const int MostSegments = 4096;

    private const ulong LargestSize = ulong.MaxValue - (1UL << 24); // kernel.shmmax
    private const ulong LargestFile = long.MaxValue;
    private const int SequenceShift = 15;
    private const int IndexMask = (1 << SequenceShift) - 1;
    private const int LastSequence = int.MaxValue >> SequenceShift;
    private const int FewestIndexes = 64;

    private readonly Lock _lock = new();

    // Guarded by _lock. What is given next: indexes go round, and each round has another sequence number.
    private readonly Dictionary<int, Segment> _segments = [];
    private int _users;
    private int _sequence;
    private int _lastIndex = -1;
    private int _nextIndex;
    private int _nextIdentifier = -1; // the one that the next has, if that is free (kernel.shm_next_id)

    /// <summary>The objects of all segments. A snapshot.</summary>
    internal IReadOnlyCollection<MemoryObject> Objects
    {
        get
        {
            lock (_lock)
            {
                ForgetDestroyed();
                return [.. _segments.Values.Select(segment => segment.Object)];
            }
        }
    }

    /// <summary>The same segments, none of which has pages: what is done to those of the copy, nobody sees.</summary>
    internal SegmentTable WithoutPages()
    {
        lock (_lock)
        {
            var copy = new SegmentTable(memory) { _sequence = _sequence, _lastIndex = _lastIndex, _nextIndex = _nextIndex, _nextIdentifier = _nextIdentifier };
            foreach (Segment segment in _segments.Values.Where(segment => segment.Object.IsHeld))
            {
                copy._segments.Add(segment.Identifier, segment.WithoutPages());
                copy._segments[segment.Identifier].Object.AddHolder();
            }

            return copy;
        }
    }

    /// <summary>Adds a space that uses it.</summary>
    internal void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Removes a space that uses it; the segments go with the last.</summary>
    internal void RemoveUser()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        lock (_lock)
        {
            foreach (Segment segment in _segments.Values)
                Release(segment);
            _segments.Clear();
        }
    }

    /// <summary>Prepares for a call that elsewhere has found or made a segment with a key: the one that is found or made next has the same identifier. What contradicts that is gone.</summary>
    internal void Expect(int identifier, int key)
    {
        lock (_lock)
        {
            Segment? known = Find(identifier);
            Segment? found = FindKey(key);
            if (found is not null && found != known)
                Release(found);
            if (known is null || key == PrivateKey)
            {
                Forget(identifier);
                _nextIdentifier = identifier;
            }
            else
            {
                known.Key = key;
            }
        }
    }

    /// <summary>True when a key finds a segment.</summary>
    internal bool Has(int key)
    {
        lock (_lock)
            return FindKey(key) is not null;
    }

    /// <summary>The whole pages of a segment; 0 for none of the identifier.</summary>
    internal PageCount PagesOf(int identifier)
    {
        lock (_lock)
            return Find(identifier) is { } segment ? segment.Size.RoundUpToPages()!.Value.WholePages : default;
    }

    // in this order                                     result
    // a key that no segment has, and no CREAT           ENOENT
    // a key that one has: CREAT and EXCL                EEXIST
    //                     smaller than asked for        EINVAL
    //                     its mode forbids it           EACCES
    // made anew: see TryMake
    /// <summary>Finds or makes a segment.</summary>
    /// <param name="key">The key.</param>
    /// <param name="size">In bytes.</param>
    /// <param name="flags">What is to be done, and the permissions.</param>
    /// <param name="isPrivileged">True when permissions do not bind the caller.</param>
    /// <param name="limit">The largest charge of memory.</param>
    /// <returns>The identifier, or the error.</returns>
    internal CallResult Get(int key, ulong size, SegmentFlags flags, bool isPrivileged, ByteLength limit)
    {
        lock (_lock)
        {
            ForgetDestroyed();
            Segment? found = FindKey(key);
            if (found is null)
                return key == PrivateKey || flags.HasFlag(SegmentFlags.Create) ? Make(key, size, flags, limit) : Errno.NoSuchEntry;
            if (flags.HasFlag(SegmentFlags.Create | SegmentFlags.Exclusive))
                return Errno.AlreadyExists;
            if (found.Size.Value < size)
                return Errno.InvalidArgument;
            return isPrivileged || found.Grants(flags) ? new CallResult(found.Identifier) : Errno.AccessDenied;
        }
    }

    /// <summary>Finds a segment, and holds its object for the caller. False when there is none of the identifier.</summary>
    internal bool TryHold(int identifier, [NotNullWhen(true)] out Segment? segment)
    {
        lock (_lock)
        {
            segment = Find(identifier);
            return segment is not null && segment.Object.TryAddHolder();
        }
    }

    /// <summary>Removes a segment: at once when nothing is attached, else with the last that is. Its key finds it no more, its identifier does. False when there is none.</summary>
    internal bool Remove(int identifier)
    {
        lock (_lock)
        {
            if (Find(identifier) is not { } segment)
                return false;
            Release(segment);
            return true;
        }
    }

    /// <summary>Makes an identifier mean an object, whatever it meant before.</summary>
    internal void Adopt(int identifier, ByteLength size, MemoryObject shown)
    {
        lock (_lock)
        {
            Forget(identifier);
            shown.AddHolder();
            _segments.Add(identifier, new Segment(identifier, PrivateKey, size, SegmentFlags.OwnerMayAll, shown));
        }
    }

    private void Forget(int identifier)
    {
        if (_segments.Remove(identifier, out Segment? segment))
            Release(segment);
    }

    // in this order                                                        result
    // no byte, or more than may be; longer than the largest file           EINVAL
    // large pages, of which there is no pool                               ENOMEM
    // more memory than there is, unless NORESERVE                          ENOMEM
    // as many segments as may be                                           ENOSPC
    private CallResult Make(int key, ulong size, SegmentFlags flags, ByteLength limit)
    {
        if (size is 0 or > LargestSize or > LargestFile)
            return Errno.InvalidArgument;
        if (flags.HasFlag(SegmentFlags.HugeTlb))
            return Errno.OutOfMemory;
        ByteLength pages = new ByteLength(size).RoundUpToPages()!.Value;
        if (!flags.HasFlag(SegmentFlags.NoReserve) && pages.WholePages > limit.WholePages)
            return Errno.OutOfMemory;
        if (_segments.Count >= MostSegments)
            return Errno.NoSpace;
        var made = new Segment(TakeIdentifier(), key, new ByteLength(size), flags, new MemoryObject(memory, MemoryObjectKind.Memory, new ByteLength(size)) { IsUnlinked = true });
        made.Object.AddHolder();
        _segments.Add(made.Identifier, made);
        return new CallResult(made.Identifier);
    }

    private int TakeIdentifier()
    {
        int wished = _nextIdentifier;
        _nextIdentifier = -1;
        if (wished >= 0 && !_segments.ContainsKey(wished))
            return wished;
        var used = _segments.Keys.Select(identifier => identifier & IndexMask).ToHashSet();
        int end = Math.Min(Math.Max(used.Count * 3 / 2, FewestIndexes), MostSegments);
        int index = _nextIndex;
        while (index < end && used.Contains(index))
            index++;
        if (index >= end)
        {
            index = 0;
            while (used.Contains(index))
                index++;
        }

        if (index <= _lastIndex)
            _sequence = _sequence == LastSequence - 1 ? 0 : _sequence + 1;
        _lastIndex = index;
        _nextIndex = index + 1;
        return (_sequence << SequenceShift) | index;
    }

    private Segment? Find(int identifier)
    {
        if (!_segments.TryGetValue(identifier, out Segment? segment) || segment.Object.IsHeld)
            return segment;
        _segments.Remove(identifier);
        return null;
    }

    private Segment? FindKey(int key)
    {
        if (key == PrivateKey)
            return null;
        foreach (Segment segment in _segments.Values)
        {
            if (segment.Key == key && !segment.IsRemoved)
                return segment;
        }

        return null;
    }

    private void ForgetDestroyed()
    {
        foreach ((int identifier, Segment segment) in _segments)
        {
            if (!segment.Object.IsHeld)
                _segments.Remove(identifier);
        }
    }

    /// <summary>Holds a segment's object no longer.</summary>
    private static void Release(Segment segment)
    {
        if (segment.IsRemoved)
            return;
        segment.IsRemoved = true;
        segment.Object.RemoveHolder();
    }
}

/// <summary>A segment of System V shared memory.</summary>
internal sealed class Segment(int identifier, int key, ByteLength size, SegmentFlags mode, MemoryObject shown)
{
    internal int Identifier { get; } = identifier;

    /// <summary>What finds it. Guarded by the table's lock.</summary>
    internal int Key { get; set; } = key;

    /// <summary>In bytes, as it was asked for.</summary>
    internal ByteLength Size { get; } = size;

    /// <summary>What its mappings show. It is held by the table until the segment is removed, and by the mappings.</summary>
    internal MemoryObject Object { get; } = shown;

    /// <summary>True once it is removed, and stays while mappings show it. Guarded by the table's lock.</summary>
    internal bool IsRemoved { get; set; }

    /// <summary>The same segment with an object of its own that has no pages. One that is removed is there as one that no key finds.</summary>
    internal Segment WithoutPages() =>
        new(Identifier, IsRemoved ? SegmentTable.PrivateKey : Key, Size, mode, Object.WithoutPages());

    /// <summary>True when its owner, as whom all processes run here, may do what any of the three digits of <paramref name="wanted"/> says.</summary>
    internal bool Grants(SegmentFlags wanted)
    {
        ulong all = (ulong)wanted >> 6 | (ulong)wanted >> 3 | (ulong)wanted;
        return (all & ~((ulong)mode >> 6) & 7) == 0;
    }
}
