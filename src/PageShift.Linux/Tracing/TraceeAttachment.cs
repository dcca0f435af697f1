using System.Diagnostics;
using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Processes;

namespace PageShift.Linux.Tracing;

/// <summary>Makes the calling thread the tracer of a process that runs already, with all its threads, and brings them to a stop. Without PTRACE_O_EXITKILL, so that the process outlives the
/// tracer, however that ends.
/// <para>Such a process stops at every system call. A filter would stop it at its memory calls only, but a process can't be rid of a filter, and without its tracer each of these calls would
/// fail with ENOSYS. Breakpoints, syscall user dispatch and signals of perf events (<c>sigtrap</c>) outlive a killed tracer too, or can, and end the process.</para></summary>
internal sealed class TraceeAttachment
{
    private const PtraceOptions Followed = PtraceOptions.MarkSystemCallStops | PtraceOptions.StopAtFork | PtraceOptions.StopAtVfork
        | PtraceOptions.StopAtClone | PtraceOptions.StopAtExec | PtraceOptions.StopAtExit;

    // How long a thread is waited for that does not stop at once, as one in an uninterruptible sleep. It is followed from its stop on. One that waits for a processor only is waited for longer.
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(1);

    private const int MostLooks = 3;

    private readonly HashSet<int> _seized = [];

    private TraceeAttachment(int process) => Process = process;

    /// <summary>The process.</summary>
    public int Process { get; }

    /// <summary>Its threads, all of which are traced.</summary>
    public IReadOnlyCollection<int> Threads => _seized;

    /// <summary>The first change of state of each thread that has had one since.</summary>
    public List<(int Id, WaitStatus Status)> Stops { get; } = [];

    /// <summary>Attaches to the process of which <paramref name="id"/> is a thread. On failure it is left as it was.</summary>
    public static TraceeAttachment? TryAttach(int id, out LaunchFailure? failure)
    {
        failure = null;
        if (!TaskIdentity.TryRead(id, out TaskIdentity identity))
        {
            failure = Refused(TraceFailure.NotFound, Errno.NoSuchProcess, id, "there is no such process");
            return null;
        }

        var attachment = new TraceeAttachment(identity.Process);
        failure = attachment.Attach(identity.Parent);
        return failure is null ? attachment : null;
    }

    private LaunchFailure? Attach(int parent)
    {
        if (Process == Environment.ProcessId)
            return Refused(TraceFailure.NotPermitted, Errno.OperationNotPermitted, Process, "it is this tool itself");
        // Whoever started it waits for it, and would take the stops that the tracer waits for.
        if (parent == Environment.ProcessId)
            return Refused(TraceFailure.NotPermitted, Errno.OperationNotPermitted, Process, "it is a child of the process that traces");
        bool hasMemory = false;
        for (int looks = 0; looks < MostLooks && !hasMemory; looks++)
        {
            // What was opened just before it executes a program shows nothing afterwards.
            using ProcessReader? reader = ProcessReader.TryOpen(Process, out Errno hidden);
            if (reader is null)
                return OfError(hidden);
            hasMemory = reader.HasMemory;
        }

        if (!hasMemory)
            return Refused(TraceFailure.NotPermitted, Errno.NoSuchProcess, Process, ProcessThreads.Of(Process).Any(thread => thread != Process)
                ? "its first thread has ended, and one that has ended can't be traced"
                : "it has no memory of its own: it is a thread of the kernel, or has ended");

        long start = Stopwatch.GetTimestamp();
        Errno error = SeizeAll();
        if (!_seized.Contains(Process))
        {
            LeaveAll();
            return OfError(error);
        }

        // A thread may have made others before it was seized.
        do
        {
            AwaitStops(start);
            _ = SeizeAll();
        }
        while (Stops.Count < _seized.Count && Stopwatch.GetElapsedTime(start) < LongestStop);
        return null;
    }

    /// <summary>Seizes and interrupts every thread that is not seized yet.</summary>
    private Errno SeizeAll()
    {
        Errno first = Errno.NoSuchProcess;
        bool isNew;
        do
        {
            isNew = false;
            foreach (int thread in ProcessThreads.Of(Process))
            {
                if (_seized.Contains(thread))
                    continue;
                Errno error = Kernel.PtraceSeize(thread, Followed).Error;
                if (thread == Process)
                    first = error;
                if (error != Errno.None)
                    continue; // it has ended, or is a new one that is traced already
                _ = _seized.Add(thread);
                _ = Kernel.PtraceInterrupt(thread);
                isNew = true;
            }
        }
        while (isNew);
        return first;
    }

    private void AwaitStops(long start)
    {
        var awaited = new HashSet<int>(_seized);
        foreach ((int id, WaitStatus _) in Stops)
            _ = awaited.Remove(id);
        for (int looks = 0; awaited.Count > 0 && (Stopwatch.GetElapsedTime(start) < LongestStop || awaited.Any(ProcessFields.IsRunnable)); looks++)
        {
            foreach (int thread in awaited.ToArray())
            {
                CallResult waited = Kernel.Wait4WithoutBlocking(thread, out WaitStatus status);
                if (waited.Raw == 0)
                    continue;
                _ = awaited.Remove(thread);
                if (!waited.IsError)
                    Stops.Add((thread, status));
            }

            BriefPause.AfterLook(looks);
        }
    }

    private void LeaveAll()
    {
        AwaitStops(Stopwatch.GetTimestamp());
        foreach ((int id, WaitStatus status) in Stops)
            _ = Kernel.PtraceDetach(id, DetachSignal(status));
    }

    /// <summary>The signal that a thread which is left in a stop still has to get.</summary>
    internal static int DetachSignal(WaitStatus status) => status.IsStopped && status.Event == StopEvent.None && !status.IsSystemCallStop ? status.StopSignal : 0;

    private LaunchFailure OfError(Errno error)
    {
        if (error is not (Errno.OperationNotPermitted or Errno.AccessDenied))
            return Refused(error == Errno.NoSuchProcess ? TraceFailure.NotFound : TraceFailure.StartFailed, error, Process, error == Errno.NoSuchProcess ? "it has ended" : ErrnoName.Describe(error));
        return TracerOf(Process) is { } tracer
            ? Refused(TraceFailure.NotPermitted, error, Process, string.Create(CultureInfo.InvariantCulture, $"process {tracer} traces it already"))
            : Refused(TraceFailure.NotPermitted, error, Process, "this user may not trace it; that needs its user or the capability SYS_PTRACE, and with kernel.yama.ptrace_scope 1 or 2 always the capability");
    }

    private static int? TracerOf(int process)
    {
        const string Field = "TracerPid:";
        try
        {
            foreach (string line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")))
            {
                if (line.StartsWith(Field, StringComparison.Ordinal))
                    return int.TryParse(line.AsSpan(Field.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int tracer) && tracer != 0 ? tracer : null;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is hidden.
        }

        return null;
    }

    private static LaunchFailure Refused(TraceFailure failure, Errno error, int process, string reason) =>
        new(failure, error, string.Create(CultureInfo.InvariantCulture, $"process {process} can't be traced: {reason}"));
}
