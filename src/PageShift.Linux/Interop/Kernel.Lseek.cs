using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>lseek(2). Source: <c>include/uapi/linux/fs.h</c> (values).</content>
internal static unsafe partial class Kernel
{
    private const int FromStart = 0;
    private const int FromHere = 1;

    /// <summary>Where a descriptor's file is read next; ESPIPE for what has no places.</summary>
    internal static CallResult PositionOf(int descriptor) => Invoke(CallNumber.Lseek, descriptor, 0, FromHere);

    /// <summary>Lets a descriptor's file be read from a place next, for all that share it.</summary>
    internal static CallResult SetPositionOf(int descriptor, long position) => Invoke(CallNumber.Lseek, descriptor, (nint)position, FromStart);
}
