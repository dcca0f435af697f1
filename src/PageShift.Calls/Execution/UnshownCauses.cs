using PageShift.Abi;
using PageShift.SystemCalls;

namespace PageShift.Calls.Execution;

/// <summary>What errors may come from that calls and mappings do not show: limits that were inherited, capabilities, memory that is short, the file behind a descriptor, the kernel's configuration.</summary>
internal static class UnshownCauses
{
    /// <summary>The call looked at memory of which the log has not said what is there.</summary>
    internal const string UnknownMemory = "memory that the log never maps";

    /// <summary>brk returned something else than what was asked for.</summary>
    internal const string LimitOrMapping = "a limit, or a mapping that the log does not show";

    /// <summary>No order was found of calls that ran at the same time, or only one of several, or one of them has not ended.</summary>
    internal const string Order = "the order of calls that ran at the same time";

    /// <summary>An mremap found several mappings, which may not have merged as they had pages.</summary>
    internal const string PresentPages = "which pages were present: that decides what merges";

    private const string Limit = "a limit that was inherited, or too little memory";
    private const string LockLimit = "RLIMIT_MEMLOCK, which was inherited, or too little memory";
    private const string File = "what is behind the file descriptor";

    /// <summary>What may have made a call fail with <paramref name="error"/>, in words; null when nothing but its arguments and the mappings can have.</summary>
    internal static string? Of(Errno error, SystemCallDescription call, in CallArguments arguments)
    {
        bool hasFile = call.Descriptor(arguments) is not null;
        switch (error)
        {
            case Errno.AlreadyExists:
                return null;
            case Errno.InvalidArgument or Errno.BadAddress:
                return hasFile ? File : OfArgument(error, call, arguments); // what a device's mmap answers is the device's affair
            case Errno.OutOfMemory:
                // mincore and msync say by it that something is not mapped, and nothing else
                return call.Effect switch { CallEffect.None => null, CallEffect.Locks => LockLimit, _ => Limit };
            case Errno.TryAgain:
                return LockLimit;
            case Errno.OperationNotPermitted:
                return hasFile ? $"a capability, a seal, or {File}" : "a capability, or a seal";
            case Errno.AccessDenied:
                return hasFile ? $"{File}, or a rule of the system" : "how a file was opened, or a rule of the system";
            default:
                return hasFile ? File : "something that calls do not show";
        }
    }

    private static string? OfArgument(Errno error, SystemCallDescription call, in CallArguments arguments)
    {
        if (error != Errno.InvalidArgument)
            return null;
        if (HidesHint(call, arguments))
            return "the hint of the destination, which strace does not write";
        bool dependsOnKernel = call.Number == SystemCallNumber.ControlProcess || (call.Number == SystemCallNumber.Advise && DependsOnConfiguration((Advice)arguments.Third));
        return dependsOnKernel ? "the kernel's release or configuration" : null;
    }

    /// <summary>strace writes mremap's last argument with MREMAP_FIXED only; with MREMAP_DONTUNMAP the kernel reads it too, as a hint.</summary>
    private static bool HidesHint(SystemCallDescription call, in CallArguments arguments) =>
        call.Number == SystemCallNumber.Remap && arguments.Fifth == 0
        && ((RemapFlags)arguments.Fourth & (RemapFlags.Fixed | RemapFlags.DontUnmap)) == RemapFlags.DontUnmap;

    /// <summary>True for advice that a kernel without KSM or transparent large pages does not know.</summary>
    private static bool DependsOnConfiguration(Advice advice) =>
        advice is Advice.Mergeable or Advice.Unmergeable or Advice.HugePage or Advice.NoHugePage or Advice.Collapse;
}
