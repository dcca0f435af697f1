using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>mmap(2) of this process: readable and writable memory, where the kernel wants it.</content>
internal static unsafe partial class Kernel
{
    private const nint ReadWrite = (nint)(Protection.Read | Protection.Write);

    /// <summary>Maps <paramref name="length"/> bytes of a file that others map too.</summary>
    internal static CallResult MmapShared(SafeHandle file, ulong offset, ulong length)
    {
        using var held = new Held(file);
        return Invoke(CallNumber.Mmap, 0, (nint)length, ReadWrite, (nint)MapFlags.Shared, held.Descriptor, (nint)offset);
    }

    /// <summary>Maps <paramref name="length"/> bytes of private anonymous memory.</summary>
    internal static CallResult MmapPrivate(ulong length) =>
        Invoke(CallNumber.Mmap, 0, (nint)length, ReadWrite, (nint)(MapFlags.Private | MapFlags.Anonymous), -1);
}
