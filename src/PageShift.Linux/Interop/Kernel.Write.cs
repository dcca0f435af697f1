using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>write(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Writes all of <paramref name="bytes"/>.</summary>
    internal static CallResult Write(SafeHandle file, ReadOnlySpan<byte> bytes)
    {
        using var held = new Held(file);
        fixed (byte* start = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                CallResult written = Invoke(CallNumber.Write, held.Descriptor, (nint)(start + done), bytes.Length - done);
                if (written.IsError)
                    return written;

                done += (int)written.Raw;
            }
        }

        return CallResult.Success;
    }
}
