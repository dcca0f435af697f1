using System.Globalization;
using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <content>A process that runs already.</content>
public static partial class ProcessTracer
{
    /// <summary>Follows a process that runs already, with all its threads and the processes that it makes from now on, and reports to <paramref name="observer"/> until it has ended or is left.
    /// <para><b>Leaving.</b> When <paramref name="leave"/> is cancelled, or this process gets SIGINT, SIGQUIT, SIGTERM or SIGHUP, everything traced is stopped, reported a last time
    /// (<see cref="ITraceObserver.ProcessEnding"/>) and let go as it was found. When this process is killed, the kernel lets everything go.</para>
    /// <para><b>Cost.</b> The process stops at the entry and at the exit of every system call, since a filter in the kernel, once installed, can't be taken away again.
    /// A thread that sleeps in one of the few calls that Linux does not restart (signal(7)) sees EINTR when the tracer comes, and when it leaves.</para></summary>
    /// <param name="processId">The process, or one of its threads. No child of this process: whoever waits for that one would take the stops that the tracer waits for.</param>
    /// <param name="observer">Receives the events, on the tracing thread. The first process's parent is not known, and no program is reported as started for it.</param>
    /// <param name="time">Leaves the process when it has been followed for so long; null for no such limit.</param>
    /// <param name="leave">Leaves the process when cancelled.</param>
    /// <returns>How the process ended, that it runs on (<see cref="TraceOutcome.Detached"/>), or why it could not be traced.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative, or longer than 49 days.</exception>
    /// <exception cref="Exception">Whatever the observer threw; the process runs on.</exception>
    internal static TraceResult Attach(int processId, ITraceObserver observer, TimeSpan? time = null, CancellationToken leave = default)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return MissingSystem() is { } failure ? NotStarted(failure) : OnThreadOfItsOwn(() => AttachHere(processId, observer, time, leave));
    }

    private static TraceResult AttachHere(int processId, ITraceObserver observer, TimeSpan? time, CancellationToken leave)
    {
        if (WakeUpProcess.TryStart(out Errno error) is not { } started)
            return NotStarted(new LaunchFailure(TraceFailure.StartFailed, error, string.Create(CultureInfo.InvariantCulture, $"process {processId} can't be traced: {ErrnoName.Describe(error)}")));
        using WakeUpProcess wakeUp = started;
        PosixSignalRegistration[] signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => LeaveOn(signal, wakeUp))];
        try
        {
            using var quiet = new ChildSignal();
            if (TraceeAttachment.TryAttach(processId, out LaunchFailure? failure) is not { } attached)
                return NotStarted(failure!);
            using var processes = new LiveProcesses();
            var session = new TraceSession(observer, processes, StopMethod.EverySystemCall, default, LongestExclusiveCall, mayNarrow: false);
            using CancellationTokenRegistration registration = leave.Register(wakeUp.Wake);
            using Timer? end = time is { } limit ? new Timer(_ => wakeUp.Wake(), null, limit, Timeout.InfiniteTimeSpan) : null;
            ProcessStatus? ended = session.FollowAttached(attached, wakeUp);
            return new TraceResult
            {
                Outcome = ended is null ? TraceOutcome.Detached : TraceOutcome.Ended,
                Status = ended ?? default,
                Statistics = session.Statistics,
            };
        }
        finally
        {
            foreach (PosixSignalRegistration signal in signals)
                signal.Dispose();
        }
    }

    private static PosixSignalRegistration LeaveOn(PosixSignal signal, WakeUpProcess wakeUp) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        wakeUp.Wake();
    });
}
