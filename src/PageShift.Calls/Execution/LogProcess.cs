using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>One process of a log: an address space, its open files, and the threads that share them.</summary>
internal sealed class LogProcess(EngineTarget target, ISpaceFollower? follower) : IDisposable
{
    private int _threads = 1;

    /// <summary>What makes its calls.</summary>
    internal EngineTarget Target { get; } = target;

    internal AddressSpace Space => Target.Space;

    /// <summary>True once a break has been seen, which says where the heap begins.</summary>
    internal bool KnowsBreak { get; set; }

    /// <summary>True once the program has turned out to be of 32 bits.</summary>
    internal bool Is32Bit { get; set; }

    /// <summary>True once the log has said which pages are present: then nothing is assumed.</summary>
    internal bool StatesPresence { get; set; }

    public void Dispose()
    {
        follower?.Ended(Space);
        Target.Dispose();
    }

    internal void AddThread() => _threads++;

    /// <summary>Forgets a thread; gives the space back with the last.</summary>
    internal void RemoveThread()
    {
        if (--_threads == 0)
            Dispose();
    }

    /// <summary>Opens a file behind a descriptor, where none is. A log rarely shows how it was opened, so one is inferred: it stays the same until the log shows a close.</summary>
    internal OpenFile Infer(int descriptor)
    {
        if (Space.Descriptors.TryGet(descriptor, out OpenFile? file))
            return file;
        file = new OpenFile(new MemoryObject(Space.Memory, MemoryObjectKind.File, new ByteLength(ulong.MaxValue)) { IsUnlinked = true });
        Space.Descriptors.Set(descriptor, file);
        return file;
    }

    internal void Open(int descriptor) => Space.Descriptors.Close(descriptor);

    internal void Duplicate(int from, int to)
    {
        if (from >= 0 && to >= 0)
            Space.Descriptors.Set(to, Infer(from));
    }
}
