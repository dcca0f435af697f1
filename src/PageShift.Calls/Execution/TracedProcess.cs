using PageShift.Mappings;

namespace PageShift.Calls.Execution;

/// <summary>One process of a log: an address space, its open files, and the threads that share them.</summary>
internal sealed class TracedProcess(AddressSpace space, ISpaceFollower? follower) : IDisposable
{
    private readonly Dictionary<int, OpenFile> _files = [];
    private int _threads = 1;

    internal AddressSpace Space { get; } = space;

    /// <summary>True once a break has been seen, which says where the heap begins.</summary>
    internal bool KnowsBreak { get; set; }

    /// <summary>True once the log has said which pages are present: then nothing is assumed.</summary>
    internal bool StatesPresence { get; set; }

    public void Dispose()
    {
        follower?.Ended(Space);
        Space.Dispose();
    }

    internal void AddThread() => _threads++;

    /// <summary>Forgets a thread; gives the space back with the last.</summary>
    internal void RemoveThread()
    {
        if (--_threads == 0)
            Dispose();
    }

    /// <summary>The open file behind a descriptor. A log rarely shows how it was opened, so one is inferred: it stays the same until the log shows a close.</summary>
    internal OpenFile File(int descriptor)
    {
        if (!_files.TryGetValue(descriptor, out OpenFile? file))
            _files[descriptor] = file = new OpenFile(new MemoryObject(Space.Memory, MemoryObjectKind.File, new ByteLength(ulong.MaxValue)));
        return file;
    }

    internal void Open(int descriptor) => _files.Remove(descriptor);

    internal void Close(ulong first, ulong last)
    {
        foreach (int descriptor in _files.Keys)
        {
            if ((ulong)descriptor >= first && (ulong)descriptor <= last)
                _files.Remove(descriptor);
        }
    }

    internal void Duplicate(int from, int to) => _files[to] = File(from);

    internal void CopyFilesTo(TracedProcess child)
    {
        foreach ((int descriptor, OpenFile file) in _files)
            child._files[descriptor] = file;
    }
}
