using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>sched_getscheduler(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Tells how a thread is scheduled: a <see cref="SchedulingPolicy"/>.</summary>
    internal static CallResult SchedGetscheduler(int thread) => Invoke(CallNumber.SchedGetscheduler, thread);
}
