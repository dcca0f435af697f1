using System.Runtime.InteropServices;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>Whether the calling thread gives way to ordinary ones: sched_setscheduler(2), SCHED_OTHER or SCHED_FIFO at the lowest priority. Threads that it makes are ordinary in either
/// case. Source: <c>include/uapi/linux/sched.h</c> (values).</summary>
internal static unsafe partial class RealTimeTurn
{
    private const int CallingThread = 0;
    private const int Ordinary = 0;
    private const int FirstInFirstOut = 1;
    private const int Batch = 3;
    private const int Idle = 5;
    private const int OrdinaryForChildren = 0x40000000;
    private const int LowestPriority = 1;

    /// <summary>True for a thread that waits for its turn.</summary>
    public static bool IsOrdinary(int thread) => GetPolicy(thread) is Ordinary or Batch or Idle;

    /// <summary>Lets no ordinary thread take the processor before this one sleeps. False when it is not an ordinary thread itself, or has no right to (CAP_SYS_NICE).</summary>
    public static bool TryTake()
    {
        int priority = LowestPriority;
        return GetPolicy(CallingThread) == Ordinary && SetPolicy(CallingThread, FirstInFirstOut | OrdinaryForChildren, &priority) == 0;
    }

    /// <summary>Makes it an ordinary thread again.</summary>
    public static void GiveBack()
    {
        int priority = 0;
        _ = SetPolicy(CallingThread, Ordinary, &priority);
    }

    [LibraryImport("libc", EntryPoint = "sched_getscheduler")]
    private static partial int GetPolicy(int thread);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetPolicy(int thread, int policy, int* priority);
}
