using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>mmap(2) and munmap(2) of the running process, for a file that it shares with another.</summary>
internal static class SharedMapping
{
    /// <summary>Maps <paramref name="length"/> bytes of a file, readable and writable.</summary>
    internal static CallResult Map(int descriptor, ulong offset, ulong length) => SystemCall.Invoke(
        (long)SystemCallNumber.Map, 0, (nint)length, (nint)(Protection.Read | Protection.Write), (nint)MapFlags.Shared, descriptor, (nint)offset);

    /// <summary>Removes a mapping that <see cref="Map"/> made.</summary>
    internal static CallResult Unmap(nint address, ulong length) => SystemCall.Invoke((long)SystemCallNumber.Unmap, address, (nint)length);
}
