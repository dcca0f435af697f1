using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>sched_getaffinity(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Tells the processors on which a thread may run, as far as they are in use.</summary>
    internal static CallResult SchedGetaffinity(int thread, out ProcessorSet processors)
    {
        fixed (ProcessorSet* bits = &processors)
        {
            *bits = default; // the kernel writes only as many words as it has processors for
            return Invoke(CallNumber.SchedGetaffinity, thread, sizeof(ProcessorSet), (nint)bits);
        }
    }
}
