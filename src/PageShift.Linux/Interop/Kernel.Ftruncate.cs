using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>ftruncate(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Sets the length of a file, in bytes.</summary>
    internal static CallResult Ftruncate(SafeHandle file, ulong length)
    {
        using var held = new Held(file);
        return Invoke(CallNumber.Ftruncate, held.Descriptor, (nint)length);
    }
}
