using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>sched_setscheduler(2). Source: <c>include/uapi/linux/sched.h</c> (values).</content>
internal static unsafe partial class Kernel
{
    /// <summary>The number by which the calling thread is named, for the calls of the scheduler.</summary>
    internal const int CallingThread = 0;

    /// <summary>Sets how a thread is scheduled.</summary>
    internal static CallResult SchedSetscheduler(int thread, SchedulingPolicy policy, int priority) =>
        Invoke(CallNumber.SchedSetscheduler, thread, (nint)policy, (nint)(&priority));
}

/// <summary>SCHED_*.</summary>
[Flags]
internal enum SchedulingPolicy
{
    Ordinary = 0,
    FirstInFirstOut = 1,
    Batch = 3,
    Idle = 5,
    OrdinaryForChildren = 0x40000000,
}
