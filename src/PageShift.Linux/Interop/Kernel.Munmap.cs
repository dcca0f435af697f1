using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>munmap(2) of this process.</content>
internal static unsafe partial class Kernel
{
    /// <summary>Removes a mapping that this library made.</summary>
    internal static CallResult Munmap(nint address, ulong length) => Invoke(CallNumber.Munmap, address, (nint)length);
}
