using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>madvise(2) of this process.</content>
internal static unsafe partial class Kernel
{
    /// <summary>Advises on a mapping that this library made.</summary>
    internal static CallResult Madvise(nint address, ulong length, Advice advice) => Invoke(CallNumber.Madvise, address, (nint)length, (nint)advice);
}
