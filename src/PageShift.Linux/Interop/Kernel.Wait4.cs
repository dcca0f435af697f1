using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>wait4(2), restricted to the children and tracees of the calling thread, so that neither other threads'
/// children are taken nor ours by them. Source: <c>include/uapi/linux/wait.h</c> (values).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Stands for any child or tracee of the calling thread.</summary>
    internal const int AnyChild = -1;

    private const int WithoutBlocking = 1;
    private const int OnlyThisThread = 0x20000000;
    private const int EveryKindOfChild = 0x40000000;

    /// <summary>Blocks until a child or tracee of this thread changes its state.</summary>
    /// <returns>The thread.</returns>
    internal static CallResult Wait4(int which, out WaitStatus status) => Wait4(which, EveryKindOfChild | OnlyThisThread, out status);

    /// <summary>Takes a change of state of a child or tracee of this thread, when there is one.</summary>
    /// <returns>The thread; 0 when there is none.</returns>
    internal static CallResult Wait4WithoutBlocking(int which, out WaitStatus status) =>
        Wait4(which, EveryKindOfChild | OnlyThisThread | WithoutBlocking, out status);

    /// <summary>Takes the end of a child of this process, whichever thread started it.</summary>
    internal static CallResult Wait4ForEnd(int process) => Wait4(process, 0, out _);

    private static CallResult Wait4(int which, int options, out WaitStatus status)
    {
        CallResult waited;
        int raw;
        do
        {
            raw = 0;
            waited = Invoke(CallNumber.Wait4, which, (nint)(&raw), options);
        }
        while (waited.Error == Errno.Interrupted);

        status = new WaitStatus(raw);
        return waited;
    }
}
