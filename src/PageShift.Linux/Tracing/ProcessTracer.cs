using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using PageShift.Abi;
using PageShift.Linux.Settings;

namespace PageShift.Linux.Tracing;

/// <summary>Follows a command, its children and its threads, and reports every memory call that they make
/// (<see cref="MemoryCalls"/>). The programs run unmodified; a filter in the kernel stops them at these calls only.
/// <para><b>Order.</b> The memory calls of one address space are reported in the order in which they take effect: one that comes
/// while another is in progress waits in front of the kernel until that has returned, up to
/// <see cref="LongestExclusiveCall"/>. The same holds for a fork. What other threads do without a system call, that is
/// page faults, is not held up: what was read of a multi-threaded program at a call's entry can be a little out of date
/// when the call takes effect, unless <see cref="ITraceObserver.WantsStandstill"/> asks for more.</para>
/// <para><b>The end of the tracer.</b> When the process that traces dies, the kernel kills every traced one. The
/// alternative, letting them run on, is worse: with the filter but without a tracer, each of their memory calls
/// would fail with ENOSYS.</para>
/// <para><b>Signals.</b> While a run lasts, SIGINT, SIGQUIT, SIGTERM and SIGHUP do not end this process. Ctrl-C reaches the command from
/// the terminal; a signal to this process alone is passed on to the command. The run ends when the command and all that it
/// started have ended.</para>
/// <para><b>What a program sees.</b> What the tracer has added to its security is hidden where a call asks for it, and a child that has ended
/// can be waited for as soon as its parent can know of it. CLONE_UNTRACED has no effect. Files of /proc show the tracer.</para>
/// <para><b>What can't be seen.</b> Calls that a program's own filter refuses; programs that trace others themselves fail to (EPERM). A set-user-ID program runs without its privilege unless the
/// tracer has CAP_SYS_PTRACE.</para>
/// Source: ptrace(2), seccomp(2).</summary>
public static partial class ProcessTracer
{
    /// <summary>How long a memory call keeps others of its address space waiting, at most.</summary>
    internal static TimeSpan LongestExclusiveCall { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs <paramref name="command"/> and reports to <paramref name="observer"/> until it and all that it started have ended. The work
    /// happens on a thread of its own; this one waits. Several runs can be in progress at a time.</summary>
    /// <param name="command">What to trace.</param>
    /// <param name="observer">Receives the events, on the tracing thread.</param>
    /// <param name="cancellation">Kills every traced process (SIGKILL) when cancelled; the run then ends at once.</param>
    /// <returns>How the command ended, or why it could not be traced.</returns>
    /// <exception cref="Exception">Whatever the observer threw.</exception>
    public static TraceResult Run(TracedCommand command, ITraceObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(observer);
        return MissingSystem() is { } failure ? NotStarted(failure) : OnThreadOfItsOwn(() => RunHere(command, observer, cancellation));
    }

    private static LaunchFailure? MissingSystem()
    {
        if (!OperatingSystem.IsLinux() || Environment.OSVersion.Version < new Version(5, 3) || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return new LaunchFailure(TraceFailure.UnsupportedSystem, Errno.NotImplemented, "Tracing needs Linux 5.3 or later on x86-64.");
        // With the numbers of another namespace, it would show other processes.
        return Path.GetFileName(ProcSetting.ReadLink("/proc/self")) == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) ? null
            : new LaunchFailure(TraceFailure.NotPermitted, Errno.NoSuchProcess, "Tracing needs a /proc of this process's PID namespace ('unshare --mount-proc' mounts one).");
    }

    private static TraceResult OnThreadOfItsOwn(Func<TraceResult> trace)
    {
        TraceResult? result = null;
        ExceptionDispatchInfo? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = trace();
            }
            catch (Exception exception)
            {
                thrown = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = "PageShift tracer",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        thrown?.Throw();
        return result!;
    }

    private static TraceResult RunHere(TracedCommand command, ITraceObserver observer, CancellationToken cancellation)
    {
        using var processes = new LiveProcesses();
        using var relay = new SignalRelay(processes);
        using var quiet = new ChildSignal();
        using CancellationTokenRegistration registration = cancellation.Register(processes.KillAll);
        if (!TraceeLauncher.TryLaunch(command, processes, out TraceeLauncher? launched, out LaunchFailure? failure))
            return NotStarted(failure);

        var session = new TraceSession(observer, processes, launched.Method, launched.Hidden, command.LongestExclusiveCall);
        ProcessStatus status = session.Follow(launched.Process);
        return new TraceResult
        {
            Outcome = processes.IsKilling ? TraceOutcome.Cancelled : TraceOutcome.Ended,
            Status = status,
            Statistics = session.Statistics,
        };
    }

    private static TraceResult NotStarted(LaunchFailure failure) => new()
    {
        Outcome = TraceOutcome.NotStarted,
        Failure = failure.Failure,
        Error = failure.Error,
        Reason = failure.Reason,
        Statistics = new TraceStatistics(),
    };
}
