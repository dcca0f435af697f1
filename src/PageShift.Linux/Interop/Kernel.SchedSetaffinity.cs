using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>sched_setaffinity(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Lets a thread run on these processors only, or on those of them that its process is given at all.</summary>
    internal static CallResult SchedSetaffinity(int thread, in ProcessorSet processors)
    {
        fixed (ProcessorSet* bits = &processors)
            return Invoke(CallNumber.SchedSetaffinity, thread, sizeof(ProcessorSet), (nint)bits);
    }
}
