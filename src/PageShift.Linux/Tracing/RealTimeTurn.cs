using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Whether the calling thread gives way to ordinary ones: SCHED_OTHER, or SCHED_FIFO at the lowest priority. Threads that it makes are
/// ordinary in either case.</summary>
internal static class RealTimeTurn
{
    private const int LowestPriority = 1;

    /// <summary>True for a thread that waits for its turn.</summary>
    public static bool IsOrdinary(int thread) => PolicyOf(thread) is SchedulingPolicy.Ordinary or SchedulingPolicy.Batch or SchedulingPolicy.Idle;

    /// <summary>Lets no ordinary thread take the processor before this one sleeps. False when it is not an ordinary thread itself, or has no right to (CAP_SYS_NICE).</summary>
    public static bool TryTake() => PolicyOf(Kernel.CallingThread) == SchedulingPolicy.Ordinary
        && !Kernel.SchedSetscheduler(Kernel.CallingThread, SchedulingPolicy.FirstInFirstOut | SchedulingPolicy.OrdinaryForChildren, LowestPriority).IsError;

    /// <summary>Makes it an ordinary thread again.</summary>
    public static void GiveBack() => _ = Kernel.SchedSetscheduler(Kernel.CallingThread, SchedulingPolicy.Ordinary, 0);

    private static SchedulingPolicy PolicyOf(int thread) => (SchedulingPolicy)Kernel.SchedGetscheduler(thread).Raw;
}
