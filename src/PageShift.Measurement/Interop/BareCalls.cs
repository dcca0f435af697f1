using System.Runtime.InteropServices;

namespace PageShift.Measurement.Interop;

/// <summary>The system calls of a splice and nothing else, as a program in C makes them: no check, no bookkeeping, no look at errno.</summary>
internal static partial class BareCalls
{
    private const int ReadWrite = 3;
    private const int Private = 0x4022; // MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE
    private const int Fixed = 0x10;
    private const int Move = 7; // MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP

    /// <summary>Maps memory at a place that the kernel chooses.</summary>
    internal static nint Reserve(nint length, bool isAccessible) => Map(0, length, isAccessible ? ReadWrite : 0, Private, -1, 0);

    /// <summary>Gives it back.</summary>
    internal static void Release(nint address, nint length) => _ = Unmap(address, length);

    /// <summary>Makes a range accessible.</summary>
    internal static void Expose(nint address, nint length) => _ = Protect(address, length, ReadWrite);

    /// <summary>Makes a range inaccessible, and gives its memory back.</summary>
    internal static void Conceal(nint address, nint length) => _ = Map(address, length, 0, Private | Fixed, -1, 0);

    /// <summary>Moves pages.</summary>
    internal static void MovePages(nint from, nint to, nint length) => _ = Remap(from, length, length, Move, to);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "mremap")]
    private static partial nint Remap(nint old, nint oldLength, nint newLength, int flags, nint @new);
}
