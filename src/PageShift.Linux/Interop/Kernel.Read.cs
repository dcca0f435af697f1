using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>read(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Reads words, as a counter gives them.</summary>
    internal static CallResult Read(SafeHandle file, Span<ulong> words)
    {
        using var held = new Held(file);
        fixed (ulong* start = words)
            return Invoke(CallNumber.Read, held.Descriptor, (nint)start, words.Length * sizeof(ulong));
    }
}
