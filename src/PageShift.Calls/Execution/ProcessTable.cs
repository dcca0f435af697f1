using PageShift.Abi;

namespace PageShift.Calls.Execution;

/// <summary>Which address space each thread of a log runs in.</summary>
/// <remarks>A thread that appears is the child of the clone that is under way, if there is one. Where there are several, the log's reader says whose it is (<see cref="CallRecordKind.ThreadBegan"/>).
/// Where it can't, the thread is taken for the child of the one that began first, and counted.</remarks>
internal sealed class ProcessTable(Func<EngineTarget> makeTarget, ISpaceFollower? follower) : IDisposable
{
    // Null for a thread that has appeared and has not needed a space yet.
    private readonly Dictionary<int, LogProcess?> _threads = [];

    // The clones that have begun and whose thread has not appeared, by their callers, and what the thread will run in.
    private readonly List<(int Parent, LogProcess Child)> _cloning = [];

    // By the callers of clones that have not returned, the thread that has appeared for them, and whether that is known.
    private readonly Dictionary<int, (int Thread, bool IsCertain)> _appeared = [];

    // The threads of whose rights the log has shown something.
    private readonly Dictionary<int, Credentials> _credentials = [];

    private int _last = -1;

    /// <summary>Spaces made so far.</summary>
    internal long Spaces { get; private set; }

    /// <summary>Threads that were given to a clone without knowing that it made them, or of which the log said so too late.</summary>
    internal long UncertainThreads { get; private set; }

    public void Dispose()
    {
        foreach (LogProcess? process in _threads.Values.Distinct())
            process?.Dispose();
        foreach ((_, LogProcess child) in _cloning)
            child.RemoveThread();
    }

    /// <summary>The process that a thread belongs to.</summary>
    internal LogProcess Of(int thread)
    {
        See(thread);
        return _threads[thread] ??= NewProcess();
    }

    /// <summary>The process that a thread belongs to; null for one that has needed none yet.</summary>
    internal LogProcess? Find(int thread)
    {
        See(thread);
        return _threads[thread];
    }

    /// <summary>The process of a thread that has been seen; null for another, and for one that has needed none yet.</summary>
    internal LogProcess? FindSeen(int thread) => _threads.GetValueOrDefault(thread);

    /// <summary>True once the log has shown something of any thread's rights.</summary>
    internal bool KnowsCredentials => _credentials.Count != 0;

    /// <summary>What the log has shown of the rights of a thread.</summary>
    internal Credentials CredentialsOf(int thread) => _credentials.GetValueOrDefault(thread);

    internal void SetCredentials(int thread, in Credentials credentials) => _credentials[thread] = credentials;

    /// <summary>A thread has a line of its own.</summary>
    internal void See(int thread)
    {
        if (thread == _last)
            return;
        _last = thread;
        if (_threads.ContainsKey(thread))
            return;
        if (_cloning.Count == 0)
            _threads.Add(thread, null);
        else
            Guess(thread);
    }

    /// <summary>A thread will appear, of which it is known what made it.</summary>
    internal void Begin(int thread, CallOutcome parent)
    {
        int begun = parent.State == CallOutcomeState.Value ? _cloning.FindIndex(c => c.Parent == parent.Value) : -1;
        if (_threads.ContainsKey(thread))
            return;
        if (begun >= 0)
            Give(thread, begun, isCertain: true);
        else if (parent.State == CallOutcomeState.None || _cloning.Count == 0)
            _threads.Add(thread, null);
        else
            Guess(thread);
    }

    /// <summary>A clone begins.</summary>
    /// <returns>What its thread will run in.</returns>
    internal LogProcess CloneStarts(int parent, CloneFlags flags)
    {
        LogProcess child = ChildOf(Of(parent), flags);
        _cloning.Add((parent, child));
        return child;
    }

    internal void CloneEnds(int parent, int child, CloneFlags flags)
    {
        if (_appeared.Remove(parent, out (int Thread, bool IsCertain) appeared))
        {
            if (appeared.Thread == child)
            {
                Separate(child, flags);
                return; // its lines came first
            }

            UncertainThreads += appeared.IsCertain ? 1 : 0;
        }

        LogProcess? process = Take(parent);
        PassCredentials(parent, child);
        Separate(child, flags);
        if (_threads.GetValueOrDefault(child) is not null)
            process?.RemoveThread(); // it was given to another clone
        else
            _threads[child] = process ?? ChildOf(Of(parent), flags);
    }

    internal void CloneFails(int parent)
    {
        _appeared.Remove(parent);
        if (Take(parent) is not { } child)
            return;
        Spaces -= child == _threads[parent] ? 0 : 1;
        child.RemoveThread();
    }

    /// <summary>execve: the thread goes on in an empty space; the other threads of its process are gone, or, after a vfork, keep the old one.</summary>
    internal void Execute(int thread)
    {
        See(thread);
        LogProcess? old = _threads[thread]; // none in the log's first line: nothing was before
        LogProcess next = NewProcess();
        if (old is not null)
        {
            next.Space.Descriptors.CopyFrom(old.Space.Descriptors);
            next.Inherit(old);
            old.RemoveThread();
        }

        if (_credentials.Remove(thread, out Credentials credentials) && credentials.Executing() is var executing && executing != default)
            _credentials[thread] = executing;
        _threads[thread] = next;
    }

    internal void Exit(int thread)
    {
        See(thread);
        _last = -1;
        _credentials.Remove(thread);
        _threads.Remove(thread, out LogProcess? process);
        process?.RemoveThread();
    }

    /// <summary>Another thread of the process called execve, and goes on under the id of the first.</summary>
    internal void Supersede(int thread, int executor)
    {
        Exit(thread);
        if (_threads.Remove(executor, out LogProcess? process))
            _threads[thread] = process;
        if (_credentials.Remove(executor, out Credentials credentials))
            _credentials[thread] = credentials;
    }

    private void Guess(int thread)
    {
        bool isCertain = _cloning.Count == 1;
        UncertainThreads += isCertain ? 0 : 1;
        Give(thread, 0, isCertain);
    }

    private void Give(int thread, int begun, bool isCertain)
    {
        (int parent, LogProcess child) = _cloning[begun];
        _cloning.RemoveAt(begun);
        _appeared[parent] = (thread, isCertain);
        PassCredentials(parent, thread);
        _threads.Add(thread, child);
    }

    /// <summary>A child has the rights of its parent.</summary>
    private void PassCredentials(int parent, int child)
    {
        if (_credentials.TryGetValue(parent, out Credentials credentials))
            _credentials[child] = credentials;
    }

    private void Separate(int child, CloneFlags flags)
    {
        if (flags.HasFlag(CloneFlags.NewUsers))
            _credentials[child] = CredentialsOf(child).InNamespace();
    }

    /// <summary>What the clone that a thread has begun was to give its child, when that has not appeared.</summary>
    private LogProcess? Take(int parent)
    {
        int begun = _cloning.FindIndex(c => c.Parent == parent);
        if (begun < 0)
            return null;
        LogProcess child = _cloning[begun].Child;
        _cloning.RemoveAt(begun);
        return child;
    }

    private LogProcess NewProcess()
    {
        Spaces++;
        var process = new LogProcess(makeTarget(), follower);
        follower?.Made(process.Space);
        return process;
    }

    private LogProcess ChildOf(LogProcess parent, CloneFlags flags)
    {
        if (flags.HasFlag(CloneFlags.SharedMemory))
        {
            parent.AddThread();
            return parent;
        }

        Spaces++;
        _ = parent.Target.TryFork(out EngineTarget copy);
        follower?.Forked(parent.Space, copy.Space);
        var child = new LogProcess(copy, follower) { KnowsBreak = parent.KnowsBreak, StatesPresence = parent.StatesPresence, Is32Bit = parent.Is32Bit };
        child.Inherit(parent);
        child.KnownHoles.CopyFrom(parent.KnownHoles);
        child.MayDiffer.CopyFrom(parent.MayDiffer);
        child.Uncertain.CopyFrom(parent.Uncertain);
        child.UncertainSince = parent.UncertainSince;
        child.LargePages.CopyFrom(parent.LargePages);
        return child;
    }
}
