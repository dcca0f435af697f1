using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>Receives what traced processes do, in order. All calls come from the one tracing thread, one after the other; the
/// traced thread that an event is about is stopped until the call returns. Other traced threads keep running, but no two
/// memory calls of one address space are in progress together (see <see cref="ProcessTracer"/>), so between
/// <see cref="CallEntered"/> and <see cref="CallCompleted"/> only page faults of other threads can change what is mapped
/// where, and not even they when <see cref="WantsStandstill"/> says so. An exception thrown here ends the run: every traced process is killed, and <see cref="ProcessTracer.Run"/>
/// throws it on.</summary>
public interface ITraceObserver
{
    /// <summary>A process exists now. The first is the traced command's.</summary>
    internal void ProcessStarted(in ProcessStart start)
    {
    }

    /// <summary>A process has a further thread now.</summary>
    internal void ThreadStarted(in ThreadCreation start)
    {
    }

    /// <summary>A process has executed a program; its new mappings can be read.</summary>
    internal void ProgramStarted(in ProgramStart start)
    {
    }

    /// <summary>Asked before <see cref="CallEntered"/>: whether all other threads of the address space are to be stopped until the call has
    /// returned, so that no page fault of theirs falsifies what is read. That costs each of them some microseconds. A thread that sleeps
    /// in a call is left to. When such a one wakes before the call has returned, or when another does not stop within
    /// <see cref="ProcessTracer.LongestExclusiveCall"/>, the call is not marked as at a standstill.</summary>
    internal bool WantsStandstill(in CallEntry call) => false;

    /// <summary>Asked after <see cref="WantsStandstill"/> and before <see cref="CallEntered"/>: other arguments with which the call is to be made. Its thread sees its own again when it has returned. When the kernel refuses
    /// the call so, it has done nothing, and is made as its thread wanted it, as another call. Until it has returned no other memory call of the address space is let in, however long it takes.</summary>
    /// <returns>The arguments; null for its own.</returns>
    internal CallArguments? Replace(in CallEntry call) => null;

    /// <summary>A call is not made, or was refused, with the arguments that <see cref="Replace"/> gave.</summary>
    internal void NotReplaced(in CallEntry call, ReplacementFailure failure)
    {
    }

    /// <summary>A thread is about to make a memory call; pages and mappings can be read as they are before it.</summary>
    void CallEntered(in CallEntry call)
    {
    }

    /// <summary>A memory call has returned; pages and mappings can be read as they are after it. Every completed call was
    /// entered before. A call whose thread ends in it, or that is in progress in another thread when its process
    /// executes a program, is never completed; it may have had effects.</summary>
    void CallCompleted(in CallExit call)
    {
    }

    /// <summary>A thread ends in a memory call, which is never completed and may have had effects. When the thread ends as one of several, pages and mappings can still be read.</summary>
    internal void CallAbandoned(in CallEntry call)
    {
    }

    /// <summary>A memory call was made through another interface than the 64-bit one.</summary>
    internal void ForeignCallCompleted(in ForeignCall call)
    {
    }

    /// <summary>A thread is about to receive a signal.</summary>
    internal void SignalDelivered(in SignalDelivery delivery)
    {
    }

    /// <summary>The last thread of a process is about to end; its address space can be read for the last time. A process that is
    /// killed by SIGKILL may end without this.</summary>
    internal void ProcessEnding(int processId)
    {
    }

    /// <summary>A process has ended.</summary>
    internal void ProcessEnded(in ProcessEnd end)
    {
    }
}
