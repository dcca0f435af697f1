using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>ioctl(2). Its requests have files of their own.</content>
internal static unsafe partial class Kernel
{
    /// <summary>Makes a request; ENOTTY when the kernel does not know it.</summary>
    private static CallResult Ioctl(SafeHandle file, uint request, void* argument)
    {
        using var held = new Held(file);
        return Invoke(CallNumber.Ioctl, held.Descriptor, (nint)request, (nint)argument);
    }
}
