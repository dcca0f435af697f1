using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <content>Calls that are made with other arguments than their threads gave, because the observer wants it.</content>
internal sealed partial class TraceSession
{
    // SYSCALL: 0F 05.
    private const int SystemCallInstructionBytes = 2;

    /// <summary>Gives a call that is about to be made other arguments, if the observer wants that.</summary>
    private void ReplaceArguments(TracedThread thread)
    {
        if (thread.IsReplacementRefused)
        {
            thread.IsReplacementRefused = false;
            return;
        }

        if (thread.IsOverlapped || _observer.Replace(thread.Entry) is not { } arguments)
            return;
        if (thread.IsStrict || !HasNoFilterOfItsOwn(thread))
        {
            _observer.NotReplaced(thread.Entry, ReplacementFailure.OwnFilter);
            return;
        }

        if (Kernel.PtraceGetRegisters(thread.Id, out Registers registers).IsError || Kernel.PtraceSetRegisters(thread.Id, With(registers, arguments)).IsError)
            return; // it was killed
        thread.Replaced = thread.Entry.Arguments;
        thread.Entry = thread.Entry with { Arguments = arguments };
    }

    private bool HasNoFilterOfItsOwn(TracedThread thread) => SecurityState.Of(thread.Id).Filters == (Statistics.Method == StopMethod.Filter ? 1 : 0);

    /// <summary>A call has returned: gives its thread the registers back that it had. When the kernel has refused the other arguments, the thread makes the call again, with its own.</summary>
    /// <returns>False when the call is made again, and nothing is to be reported of this one.</returns>
    private bool TryRestoreArguments(TracedThread thread, in SystemCallStop stop)
    {
        if (thread.Replaced is not { } own)
            return true;

        thread.Replaced = null;
        if (Kernel.PtraceGetRegisters(thread.Id, out Registers registers).IsError)
            return true;

        registers = With(registers, own);
        bool isRefused = new CallResult(stop.Result).IsError;
        if (isRefused)
        {
            registers.Rax = (ulong)thread.Stop.Number;
            registers.Rip -= SystemCallInstructionBytes;
        }

        _ = Kernel.PtraceSetRegisters(thread.Id, registers);
        if (!isRefused)
            return true;
        thread.IsReplacementRefused = true;
        _observer.NotReplaced(thread.Entry, ReplacementFailure.Refused);
        return false;
    }

    private static Registers With(Registers registers, in CallArguments arguments)
    {
        registers.Rdi = arguments.First;
        registers.Rsi = arguments.Second;
        registers.Rdx = arguments.Third;
        registers.R10 = arguments.Fourth;
        registers.R8 = arguments.Fifth;
        registers.R9 = arguments.Sixth;
        return registers;
    }
}
