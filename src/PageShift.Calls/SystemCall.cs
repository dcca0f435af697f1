using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.SystemCalls;

namespace PageShift.Calls;

/// <summary>A call as data: which one it is, and its arguments as numbers.</summary>
/// <param name="Number">Its number on x86-64, or one of <see cref="PseudoCall"/>. Calls that do the same have one number: <see cref="SystemCallNumber.OpenFile"/> stands for open, openat2, creat
/// and memfd_create too, <see cref="SystemCallNumber.Clone"/> for fork, vfork and clone, <see cref="SystemCallNumber.Execute"/> for execveat, <see cref="SystemCallNumber.CloseFile"/> for close_range,
/// <see cref="SystemCallNumber.DuplicateFile"/> for dup2, dup3 and fcntl with F_DUPFD, <see cref="SystemCallNumber.SetLimit"/> for prlimit64, and for what shows a limit.</param>
/// <param name="Arguments">The arguments. Those of a memory call (<see cref="Description"/>) and of a pseudo-call are in order, ready for the kernel or for the engine. Of the others: OpenFile has the O_ flags (O_RDWR for a memfd); CloseFile the
/// first and the last descriptor that is closed; DuplicateFile the old descriptor; Clone the <see cref="CloneFlags"/> and the exit signal; Exit and ExitGroup the status; SetLimit the kernel's number of the resource
/// the soft limit in bytes, and the process, 0 for the caller; capset and capget the thread, 0 for the caller, and the capabilities in effect.</param>
public readonly record struct SystemCall(SystemCallNumber Number, CallArguments Arguments)
{
    /// <summary>What is known of the memory call; null when it is none.</summary>
    internal SystemCallDescription? Description => SystemCallTable.Find(Number) is { } call && call.ConcernsMemory(Arguments) ? call : null;

    /// <summary>True for prctl(PR_SET_SECUREBITS), which decides whether capabilities go with root.</summary>
    internal bool SetsSecureBits => Number == SystemCallNumber.ControlProcess && Arguments.First == ProcessFlagNames.SetSecureBits;

    /// <summary>The arguments, where they are numbers and nothing else; empty for other calls.</summary>
    internal IReadOnlyList<CallParameter> Parameters => SystemCallNames.SignatureOf(Number)?.Described ?? [];

    /// <summary>True when it returns an address.</summary>
    internal bool ReturnsAddress => Description?.ReturnsAddress ?? Number == PseudoCall.RelocateDown;

    /// <summary>What is known of its effect.</summary>
    internal CallStanding Standing
    {
        get
        {
            if (Description is { } description)
                return description.IsModelled ? CallStanding.Modelled : description.Effect is CallEffect.None or CallEffect.Hides ? CallStanding.Other : CallStanding.Unmodelled;
            if (Number == PseudoCall.Unknown)
                return CallStanding.Unknown;
            if (Number == PseudoCall.ForeignMemory)
                return CallStanding.Unmodelled;
            return SystemCallNames.IsModelled(Number) && SystemCallTable.Find(Number) is null ? CallStanding.Modelled : CallStanding.Other;
        }
    }

    /// <summary>The name of any system call of x86-64; <c>syscall_0x...</c> for a number that is not known here.</summary>
    public static string NameOf(SystemCallNumber number) => SystemCallNames.OfNumber(number);
}
