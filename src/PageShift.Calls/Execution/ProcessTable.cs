namespace PageShift.Calls.Execution;

/// <summary>Which address space each thread of a log runs in.</summary>
internal sealed class ProcessTable(Func<AddressSpace> makeSpace, ISpaceFollower? follower) : IDisposable
{
    private readonly Dictionary<int, TracedProcess> _threads = [];

    // A clone that has begun, by its caller: what the child will run in. The child's lines may come before the call's end tells the child's id.
    private readonly List<(int Parent, TracedProcess Child)> _cloning = [];

    /// <summary>Spaces made so far.</summary>
    internal long Spaces { get; private set; }

    public void Dispose()
    {
        foreach (TracedProcess process in _threads.Values.Distinct())
            process.Dispose();
        foreach ((_, TracedProcess child) in _cloning)
            child.RemoveThread();
    }

    /// <summary>The process that a thread belongs to. One that was not seen before is the child of the clone that began last, or a new process.</summary>
    internal TracedProcess Of(int thread)
    {
        if (_threads.TryGetValue(thread, out TracedProcess? process))
            return process;
        if (_cloning.Count != 0)
        {
            process = _cloning[^1].Child;
            _cloning.RemoveAt(_cloning.Count - 1);
        }
        else
        {
            process = NewProcess();
        }

        return _threads[thread] = process;
    }

    internal void CloneStarts(int parent, CloneFlags flags) => _cloning.Add((parent, ChildOf(Of(parent), flags)));

    internal void CloneEnds(int parent, int child, CloneFlags flags)
    {
        int begun = _cloning.FindIndex(c => c.Parent == parent);
        TracedProcess? process = begun >= 0 ? _cloning[begun].Child : null;
        if (begun >= 0)
            _cloning.RemoveAt(begun);
        if (_threads.ContainsKey(child))
            return; // its lines came first
        _threads[child] = process ?? ChildOf(Of(parent), flags);
    }

    internal void CloneFails(int parent)
    {
        int begun = _cloning.FindIndex(c => c.Parent == parent);
        if (begun < 0)
            return;
        _cloning[begun].Child.RemoveThread();
        _cloning.RemoveAt(begun);
    }

    /// <summary>execve: the thread goes on in an empty space; the other threads of its process are gone, or, after a vfork, keep the old one.</summary>
    internal void Execute(int thread)
    {
        if (_cloning.Count == 0 && !_threads.ContainsKey(thread))
        {
            _threads[thread] = NewProcess(); // the log's first line: nothing was before
            return;
        }

        TracedProcess old = Of(thread);
        TracedProcess next = NewProcess();
        next.Space.Descriptors.CopyFrom(old.Space.Descriptors);
        old.RemoveThread();
        _threads[thread] = next;
    }

    internal void Exit(int thread)
    {
        if (_threads.Remove(thread, out TracedProcess? process))
            process.RemoveThread();
    }

    /// <summary>Another thread of the process called execve, and goes on under the id of the first.</summary>
    internal void Supersede(int thread, int executor)
    {
        Exit(thread);
        if (_threads.Remove(executor, out TracedProcess? process))
            _threads[thread] = process;
    }

    private TracedProcess NewProcess()
    {
        Spaces++;
        var process = new TracedProcess(makeSpace(), follower);
        follower?.Made(process.Space);
        return process;
    }

    private TracedProcess ChildOf(TracedProcess parent, CloneFlags flags)
    {
        if (flags.HasFlag(CloneFlags.SharedMemory))
        {
            parent.AddThread();
            return parent;
        }

        Spaces++;
        AddressSpace copy = parent.Space.Fork();
        copy.MoveObserver = parent.Space.MoveObserver;
        follower?.Forked(parent.Space, copy);
        var child = new TracedProcess(copy, follower) { KnowsBreak = parent.KnowsBreak, StatesPresence = parent.StatesPresence };
        return child;
    }
}
