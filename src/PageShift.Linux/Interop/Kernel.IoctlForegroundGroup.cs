using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>The TIOCGPGRP request of a terminal.</content>
internal static unsafe partial class Kernel
{
    private const uint ForegroundGroupRequest = 0x540F;

    /// <summary>The group to which a terminal sends Ctrl-C.</summary>
    internal static CallResult IoctlForegroundGroup(SafeHandle terminal)
    {
        int group;
        CallResult told = Ioctl(terminal, ForegroundGroupRequest, &group);
        return told.IsError ? told : new CallResult(group);
    }
}
