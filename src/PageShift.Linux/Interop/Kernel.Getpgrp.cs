using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>getpgrp(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>The group of this process.</summary>
    internal static CallResult Getpgrp() => Invoke(CallNumber.Getpgrp);
}
