using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>rt_sigaction(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>sizeof(sigset_t) of the kernel.</summary>
    internal const int SignalSetBytes = 8;

    /// <summary>Tells what happens on a signal in this process.</summary>
    internal static CallResult RtSigactionGet(int signal, out SignalAction action)
    {
        fixed (SignalAction* former = &action)
            return Invoke(CallNumber.RtSigaction, signal, 0, (nint)former, SignalSetBytes);
    }

    /// <summary>Sets what happens on a signal in this process.</summary>
    internal static CallResult RtSigactionSet(int signal, in SignalAction action)
    {
        fixed (SignalAction* next = &action)
            return Invoke(CallNumber.RtSigaction, signal, (nint)next, 0, SignalSetBytes);
    }
}

/// <summary>The kernel's <c>struct sigaction</c>. Source: <c>arch/x86/include/uapi/asm/signal.h</c> (layout and values).</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct SignalAction
{
    internal const int Bytes = 32;

    /// <summary>SIG_IGN, as a handler.</summary>
    internal const ulong Ignore = 1;

    /// <summary>SA_NOCLDSTOP: no SIGCHLD for a child that stops.</summary>
    internal const ulong NotForStops = 0x1;

    /// <summary>SA_SIGINFO.</summary>
    internal const ulong ExtendedInformation = 0x4;

    /// <summary>SA_RESTORER.</summary>
    internal const ulong HasRestorer = 0x04000000;

    /// <summary>SA_ONSTACK.</summary>
    internal const ulong OnSignalStack = 0x08000000;

    internal ulong Handler;
    internal ulong Flags;
    internal ulong Restorer;
    internal ulong Mask;
}
