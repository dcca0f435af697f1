using PageShift.Abi;
using PageShift.SystemCalls;

namespace PageShift.Calls.Execution;

/// <summary>Which errors may come from what calls and mappings do not show: limits that were inherited, capabilities, memory that is short, the file behind a descriptor, the kernel's configuration.</summary>
internal static class UnshownCauses
{
    /// <summary>True when a call may have failed with <paramref name="error"/> although nothing that its arguments and the mappings say explains it.</summary>
    internal static bool MayExplain(Errno error, SystemCallDescription call, in CallArguments arguments)
    {
        switch (error)
        {
            case Errno.AlreadyExists:
                return false;
            case Errno.InvalidArgument or Errno.BadAddress:
                return call.Descriptor(arguments) is not null // what a device's mmap answers is the device's affair
                    || HidesHint(error, call, arguments)
                    || (error == Errno.InvalidArgument && call.Number == SystemCallNumber.Advise && DependsOnConfiguration((Advice)arguments.Third));
            case Errno.OutOfMemory:
                return call.Effect != CallEffect.None; // mincore and msync say by it that something is not mapped, and nothing else
            default:
                return true;
        }
    }

    /// <summary>strace writes mremap's last argument with MREMAP_FIXED only; with MREMAP_DONTUNMAP the kernel reads it too, as a hint.</summary>
    private static bool HidesHint(Errno error, SystemCallDescription call, in CallArguments arguments) =>
        error == Errno.InvalidArgument && call.Number == SystemCallNumber.Remap && arguments.Fifth == 0
        && ((RemapFlags)arguments.Fourth & (RemapFlags.Fixed | RemapFlags.DontUnmap)) == RemapFlags.DontUnmap;

    /// <summary>True for advice that a kernel without KSM or transparent large pages does not know.</summary>
    private static bool DependsOnConfiguration(Advice advice) =>
        advice is Advice.Mergeable or Advice.Unmergeable or Advice.HugePage or Advice.NoHugePage or Advice.Collapse;
}
