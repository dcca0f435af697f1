using PageShift.Abi;
using PageShift.Calls.Names;

namespace PageShift.Calls;

/// <summary>What a record of a log reports.</summary>
public enum CallRecordKind : byte
{
    /// <summary>A call, at the line where it completed.</summary>
    Call,

    /// <summary>A fork, vfork or clone has begun and not yet returned; what follows may already be the child's.
    /// The completed call follows as a record of its own.</summary>
    CloneStarted,

    /// <summary>strace attached to the thread.</summary>
    Attached,

    /// <summary>strace left the thread to itself.</summary>
    Detached,

    /// <summary>The thread ended; the outcome's value is the status.</summary>
    Exited,

    /// <summary>A signal ended the thread; <see cref="CallRecord.Name"/> is the signal's name.</summary>
    Killed,

    /// <summary>Another thread of the process, whose id is the outcome's value, called execve. It goes on under this thread's id,
    /// and the other threads are gone.</summary>
    Superseded,

    /// <summary>A thread is about to appear whose clone has not yet returned, while not one clone alone is under way that can have made it. The outcome's value is the thread whose clone
    /// made it, as a later line of the log tells; unknown when no line does, and none when strace attached to the thread by itself. No line of the log: the next record is the thread's first.</summary>
    ThreadBegan,

    /// <summary>A call that may change memory has begun and not yet returned; calls of other threads that follow may have been made before or after it.
    /// The completed call follows as a record of its own.</summary>
    CallStarted,
}

/// <summary>One event of a log.</summary>
/// <remarks>Immutable. Default values mean that the log does not say.</remarks>
public readonly record struct CallRecord
{
    /// <summary>What stands for the path of a file that memfd_secret makes.</summary>
    internal const string SecretMemoryPath = "/secretmem";

    private const int LargestError = 4095;

    private readonly string? _name;

    /// <summary>What is reported.</summary>
    public CallRecordKind Kind { get; init; }

    /// <summary>The line, from 1. A call that was split into "unfinished" and "resumed" has the line of its resumption;
    /// one that never completed has the line on which it began.</summary>
    public long Line { get; init; }

    /// <summary>The thread, by its id in the log; 0 for the process that the log began with
    /// where the log did not name it at its beginning.</summary>
    public int ThreadId { get; init; }

    /// <summary>The call; meaningful in the kinds <see cref="CallRecordKind.Call"/>, <see cref="CallRecordKind.CloneStarted"/> and <see cref="CallRecordKind.CallStarted"/>.</summary>
    public SystemCall Call { get; init; }

    /// <summary>How the call ended.</summary>
    public CallOutcome Outcome { get; init; }

    /// <summary>True when the outcome was injected by strace: the kernel did not run the call.</summary>
    internal bool IsInjected { get; init; }

    /// <summary>True for a call of a 32-bit program: by its name, or what strace said of the process.</summary>
    internal bool Is32Bit { get; init; }

    /// <summary>True for an address above 2 GiB that was extended from 32 bits: nothing of a 64-bit program is there.</summary>
    internal bool HasExtendedAddress => Outcome.State == CallOutcomeState.Value
        && Outcome.Value is >= int.MinValue and < -LargestError
        && Call.Number is SystemCallNumber.Map or SystemCallNumber.Remap or SystemCallNumber.Break;

    /// <summary>The call's name. For calls that are modelled this is one name for each number (openat stands for open, too);
    /// for the others the name that the log shows. Empty for events that are not calls, except for <see cref="CallRecordKind.Killed"/>.</summary>
    public string Name
    {
        get => _name ?? (Kind is CallRecordKind.Call or CallRecordKind.CloneStarted or CallRecordKind.CallStarted ? SystemCallNames.OfNumber(Call.Number) : "");
        init => _name = value;
    }

    /// <summary>The file: of the descriptor that mmap is given, where the log shows it (strace -y), or of the path that a call opens or
    /// executes. Escapes are decoded and the mark "(deleted)" is removed. Null where the log shows none.</summary>
    public string? FilePath { get; init; }

    /// <summary>When the call began.</summary>
    internal CallTimestamp Timestamp { get; init; }

    /// <summary>How long the call took, in nanoseconds (strace -T).</summary>
    public long? DurationNanoseconds { get; init; }

    /// <summary>True for the beginning of a clone whose flags the log shows where it returns.</summary>
    internal bool LacksFlags { get; init; }

    /// <summary>The flags of a <see cref="SystemCallNumber.Clone"/>; none for other calls.</summary>
    internal CloneFlags CloneFlags => Call.Number == SystemCallNumber.Clone ? (CloneFlags)Call.Arguments.First : CloneFlags.None;
}
