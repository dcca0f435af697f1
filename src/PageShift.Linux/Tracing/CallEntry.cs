using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Tracing;

/// <summary>A memory call that a traced thread is about to make. While <see cref="ITraceObserver.CallEntered"/> runs, the thread
/// is stopped before the kernel has looked at the arguments.</summary>
public readonly struct CallEntry
{
    /// <summary>The process (thread group).</summary>
    public int ProcessId { get; internal init; }

    /// <summary>The thread that makes the call.</summary>
    public int ThreadId { get; internal init; }

    /// <summary>Which address space the call works on: see <see cref="ProcessStart.AddressSpaceId"/>.</summary>
    public int AddressSpaceId { get; internal init; }

    /// <summary>The call; one of <see cref="MemoryCalls"/>, also where the enumeration has no name for it.</summary>
    public SystemCallNumber Number { get; internal init; }

    /// <summary>The argument registers.</summary>
    public CallArguments Arguments { get; internal init; }

    /// <summary>The address behind the SYSCALL instruction: with a C library, a place in its wrapper function.</summary>
    internal VirtualAddress InstructionPointer { get; init; }

    /// <summary>The stack pointer. C libraries' wrappers for memory calls keep no frame, so the 8 bytes here are usually the
    /// address in the caller to which the wrapper returns.</summary>
    internal VirtualAddress StackPointer { get; init; }

    /// <summary>Reads a word of the thread's memory. For the tracing thread, while the thread is stopped.</summary>
    internal bool TryReadWord(VirtualAddress address, out ulong word) => !Kernel.PtracePeek(ThreadId, address.Value, out word).IsError;

    /// <summary>True when another memory call was already in progress on the same address space, because it took longer than
    /// <see cref="ProcessTracer.LongestExclusiveCall"/>: the order in which the two take effect is not known.</summary>
    internal bool IsOverlapped { get; init; }

    /// <summary>True when <see cref="ITraceObserver.WantsStandstill"/> asked for it and no other thread touches the address space before the
    /// call has returned and <see cref="ITraceObserver.CallCompleted"/> was told. At the exit it can be false after all, when the
    /// call took longer than <see cref="ProcessTracer.LongestExclusiveCall"/>.</summary>
    internal bool IsAtStandstill { get; init; }
}
