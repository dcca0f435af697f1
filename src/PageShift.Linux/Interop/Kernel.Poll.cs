using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>poll(2). Source: <c>include/uapi/asm-generic/poll.h</c> (layout and values).</content>
internal static unsafe partial class Kernel
{
    private const ulong PollIn = 1UL << 32;

    /// <summary>Waits until a descriptor is readable, which a held process is once it has ended.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="milliseconds">For how long; -1 for ever.</param>
    /// <returns>1 when it is readable, 0 when the time was over.</returns>
    internal static CallResult Poll(SafeHandle file, int milliseconds)
    {
        using var held = new Held(file);
        ulong entry = PollIn | (uint)held.Descriptor;
        return Invoke(CallNumber.Poll, (nint)(&entry), 1, milliseconds);
    }
}
