using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>wait4(2), restricted to the children and tracees of the calling thread, so that neither other threads'
/// children are taken nor ours by them. Source: <c>include/uapi/linux/wait.h</c> (values).</summary>
internal static unsafe partial class Wait
{
    private const int WithoutBlocking = 1;
    private const int OnlyThisThread = 0x20000000;
    private const int EveryKindOfChild = 0x40000000;
    private const int AnyChild = -1;

    /// <summary>Blocks until any child or tracee of this thread changes its state.</summary>
    public static Errno ForAny(out int thread, out WaitStatus status) =>
        For(AnyChild, EveryKindOfChild | OnlyThisThread, out thread, out status);

    /// <summary>Takes a state change of any child or tracee of this thread when there is one; else <paramref name="thread"/> is 0.</summary>
    public static Errno Poll(out int thread, out WaitStatus status) =>
        For(AnyChild, EveryKindOfChild | OnlyThisThread | WithoutBlocking, out thread, out status);

    /// <summary>Blocks until the child or tracee <paramref name="thread"/> of this thread changes its state.</summary>
    public static Errno ForOne(int thread, out WaitStatus status) =>
        For(thread, EveryKindOfChild | OnlyThisThread, out _, out status);

    /// <summary>Takes a state change of <paramref name="which"/> when there is one; else <paramref name="thread"/> is 0.</summary>
    public static Errno PollOne(int which, out int thread, out WaitStatus status) =>
        For(which, EveryKindOfChild | OnlyThisThread | WithoutBlocking, out thread, out status);

    private static Errno For(int which, int options, out int thread, out WaitStatus status)
    {
        int raw;
        do
        {
            raw = 0;
            thread = Wait4(which, &raw, options, 0);
        }
        while (thread < 0 && KernelError.Last == Errno.Interrupted);

        status = new WaitStatus(raw);
        return KernelError.Of(thread);
    }

    [LibraryImport("libc", EntryPoint = "wait4", SetLastError = true)]
    private static partial int Wait4(int process, int* status, int options, nint resourceUsage);
}
