using System.Diagnostics;
using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>New processes, threads and programs. A new thread's first stop and its parent's report of the birth come in either
/// order; the new thread does not run before both.</summary>
internal sealed partial class TraceSession
{
    // How long the report of a birth is waited for, when it can still come.
    private static readonly TimeSpan LongestBirth = TimeSpan.FromSeconds(1);

    // The first change of state of threads whose birth is not reported yet, and when it was seen.
    private readonly Dictionary<int, (WaitStatus Status, long SeenAt)> _early = [];

    // Threads that were taken in although their makers live: the report may come after all.
    private readonly HashSet<int> _adopted = [];
    private int _lastAddressSpace;

    private CallOrder NewCallOrder() => new(++_lastAddressSpace);

    private TracedThread AddProcess(int id, int parent, CallOrder order, bool isShared)
    {
        Statistics.Processes++;
        var process = new TracedProcess(id, order);
        _processes[id] = process;
        if (!IsAttached)
            _live.Add(id);
        TracedThread first = AddThread(id, process);
        _observer.ProcessStarted(new ProcessStart(id, parent, order.AddressSpaceId, isShared));
        return first;
    }

    private TracedThread AddThread(int id, TracedProcess process)
    {
        var thread = new TracedThread(id, process);
        _threads.Add(id, thread);
        if (_threads.Count > 1)
            _processor.Part();
        process.RunningThreads++;
        return thread;
    }

    private void OnBirth(TracedThread parent, StopEvent reported)
    {
        if (Kernel.PtraceGetEventMessage(parent.Id, reported, out ulong message).IsError)
            return;

        int id = (int)message;
        _processor.Born(id);
        if (!_adopted.Remove(id))
        {
            CloneFlags flags = BirthFlags.OfStoppedThread(parent.Id) ?? (reported == StopEvent.Vfork ? CloneFlags.SharedMemory : CloneFlags.None);
            TracedThread born = AddBorn(id, parent.Process, flags);
            born.HasNoNewPrivileges = parent.HasNoNewPrivileges;
            // Its copy of the registers, and of the memory, has the call as it was changed. Memory that it shares, the parent gives back.
            bool isGivenBack = parent.Cleared is { Address: not null } && (flags & CloneFlags.SharedMemory) != 0;
            born.Cleared = isGivenBack ? null : parent.Cleared;
        }

        RestoreCleared(parent);

        parent.IsParentOfVfork = reported == StopEvent.Vfork;
        Resume(parent);
        if (_early.Remove(id, out (WaitStatus Status, long SeenAt) first) && (first.Status.IsStopped || !Exists(id)))
            Handle(id, first.Status);
    }

    private TracedThread AddBorn(int id, TracedProcess parent, CloneFlags flags)
    {
        if ((flags & CloneFlags.Thread) != 0)
        {
            Statistics.Threads++;
            TracedThread thread = AddThread(id, parent);
            _observer.ThreadStarted(new ThreadCreation(parent.Id, id));
            return thread;
        }

        bool isShared = (flags & CloneFlags.SharedMemory) != 0;
        return AddProcess(id, parent.Id, isShared ? parent.CallOrder : NewCallOrder(), isShared);
    }

    private void OnUnknown(int id, WaitStatus status)
    {
        if (status.IsStopped && status.Event == StopEvent.Exit)
        {
            // It was killed before it ran.
            _ = _early.Remove(id);
            _ = Kernel.PtraceContinue(id);
            return;
        }

        _early[id] = (status, Stopwatch.GetTimestamp());
        AdoptOrphans();
    }

    /// <summary>Takes in new threads whose birth will not be reported, because their makers were killed in the act: at once when the
    /// maker's process is gone too, and after a while when it lives on in another program.</summary>
    private void AdoptOrphans()
    {
        if (_early.Count == 0)
            return;

        foreach ((int id, (WaitStatus status, long seenAt)) in _early.ToArray())
        {
            bool isLate = IsOverdue(seenAt);
            if (!status.IsStopped || !TaskIdentity.TryRead(id, out TaskIdentity identity))
            {
                if (isLate)
                    _ = _early.Remove(id);

                continue;
            }

            bool hasProcess = _processes.TryGetValue(identity.Process, out TracedProcess? process);
            if (!isLate && (hasProcess || _processes.ContainsKey(identity.Parent)))
                continue;

            _ = _early.Remove(id);
            if (isLate)
                _ = _adopted.Add(id);

            if (hasProcess)
                _ = AddBorn(id, process!, CloneFlags.Thread);
            else
                _ = AddProcess(id, ProcessStart.UnknownParent, NewCallOrder(), isShared: false);

            Handle(id, status);
        }
    }

    private static bool IsOverdue(long seenAt) => Stopwatch.GetElapsedTime(seenAt) > LongestBirth;

    private bool HasOverdueBirth()
    {
        foreach ((WaitStatus _, long seenAt) in _early.Values)
        {
            if (IsOverdue(seenAt))
                return true;
        }

        return false;
    }

    // A dead thread that was waited for has no directory; with one, the number belongs to a later thread.
    private static bool Exists(int id) => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}"));

    /// <summary>A thread has executed a program. It goes on as the first thread of its process, which it may not have been.</summary>
    private TracedThread OnExec(TracedThread thread)
    {
        TracedProcess process = thread.Process;
        Debug.Assert(thread.Id == process.Id, "The kernel reports an exec under the process's number.");
        foreach (TracedThread gone in _threads.Values.Where(other => other.Process == process).ToArray())
        {
            CallOrder? left = AbandonCall(gone);
            _ = _threads.Remove(gone.Id);
            gone.Dispose();
            ForgetDeferred(gone.Id);
            AdmitAfter(left);
        }

        process.RunningThreads = 0;
        process.CallOrder = NewCallOrder();
        TracedThread only = AddThread(process.Id, process);
        only.HasNoNewPrivileges = thread.HasNoNewPrivileges;
        OnProgramStarted(only);
        return only;
    }

    private void OnProgramStarted(TracedThread thread)
    {
        Statistics.Programs++;
        int id = thread.Process.Id;
        string? path = ProgramFile.PathOf(id);
        if (path is not null && ProgramFile.LosesPrivilege(id, path))
            Statistics.AddUnprivileged(path);
        _observer.ProgramStarted(new ProgramStart(id, thread.Process.CallOrder.AddressSpaceId, path));
    }
}
