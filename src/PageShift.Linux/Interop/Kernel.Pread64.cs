using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>pread64(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Reads bytes from an offset.</summary>
    /// <returns>How many; 0 at the end.</returns>
    internal static CallResult Pread64(SafeHandle file, Span<byte> bytes, ulong offset)
    {
        using var held = new Held(file);
        fixed (byte* start = bytes)
            return Invoke(CallNumber.Pread64, held.Descriptor, (nint)start, bytes.Length, (nint)offset);
    }
}
