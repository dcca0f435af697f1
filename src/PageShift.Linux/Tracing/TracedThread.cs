using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Timing;

namespace PageShift.Linux.Tracing;

/// <summary>A thread that the tracer follows, and the call in which it is. Used by the tracing thread only.</summary>
internal sealed class TracedThread(int id, TracedProcess process) : IDisposable
{
    /// <summary>The thread's number.</summary>
    public int Id { get; } = id;

    /// <summary>The process that it belongs to.</summary>
    public TracedProcess Process { get; } = process;

    /// <summary>Where it stands with respect to calls.</summary>
    public CallPhase Phase { get; set; }

    /// <summary>What the current call means; valid unless the phase is None.</summary>
    public CallClass Class { get; set; }

    /// <summary>The address space of the current call, while the call is active or waits; an exec changes that of the process.</summary>
    public CallOrder? CallOrder { get; set; }

    /// <summary>True when another call was active together with the current one.</summary>
    public bool IsOverlapped { get; set; }

    /// <summary>When the current call was let into the kernel, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long EnteredAt { get; set; }

    /// <summary>The thread's processor time when the current call was let into the kernel, in nanoseconds; null where it is not measured.</summary>
    public long? ProcessorAtEntry { get; set; }

    /// <summary>The current call, as it is reported; valid when its class is Memory and it is active.</summary>
    public CallEntry Entry { get; set; }

    /// <summary>True once the thread has begun to end.</summary>
    public bool IsEnding { get; set; }

    /// <summary>True while it is kept stopped for another thread's call.</summary>
    public bool IsHeld { get; set; }

    /// <summary>How often it had been given a processor when it was last found asleep in a call; null when it was not, or has run since.</summary>
    public long? TurnsWhenAsleep { get; set; }

    /// <summary>True while it may be asleep in a vfork, from which nothing but its child wakes it.</summary>
    public bool IsParentOfVfork { get; set; }

    /// <summary>What was taken from the clone that it is in, or that it was made by; null when nothing was.</summary>
    public ClearedFlag? Cleared { get; set; }

    /// <summary>The arguments that its thread gave the current call, where the call is made with others; null where it is not.</summary>
    public CallArguments? Replaced { get; set; }

    /// <summary>True when the kernel refused the last call with other arguments, so that it comes again with its own.</summary>
    public bool IsReplacementRefused { get; set; }

    /// <summary>True when it has set no_new_privs itself, or was made by one that had.</summary>
    public bool HasNoNewPrivileges { get; set; }

    /// <summary>True when it is in seccomp's strict mode, which the tracer keeps it to.</summary>
    public bool IsStrict { get; set; }

    /// <summary>The entry of the current call, as the kernel described it.</summary>
    public ref SystemCallStop Stop => ref _stop;

    /// <summary>The thread's processor time now, in nanoseconds; null where the kernel does not tell. Exact, as the thread is stopped.</summary>
    public long? ReadProcessorTime() => OpenClock()?.Read();

    /// <summary>A clock that advances with the thread's processor time as long as it alone runs in its process, in nanoseconds; null where the kernel does not tell. The process's clock is the one that is read
    /// faster, and of several threads the thread's own is needed. The number of threads does not change in a call that moves memory.</summary>
    public long? ReadCallClock() => Process.RunningThreads > 1 ? ReadProcessorTime() : Kernel.ProcessorTimeOf(Process.Id, out long nanoseconds).IsError ? null : nanoseconds;

    /// <summary>How often the thread has been given a processor; null where the kernel does not tell.</summary>
    public long? ReadTurns() => OpenClock()?.ReadTurns();

    private TaskClock? OpenClock()
    {
        if (_hasClock is null)
        {
            _clock = TaskClock.TryOpen(Process.Id, Id);
            _hasClock = _clock is not null;
        }

        return _clock;
    }

    /// <summary>Closes what was opened for the thread, which has ended.</summary>
    public void Dispose() => _clock?.Dispose();

    private SystemCallStop _stop;
    private TaskClock? _clock;
    private bool? _hasClock;
}
