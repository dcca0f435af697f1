using System.Runtime.InteropServices;

namespace PageShift.Memory.Interop;

/// <summary>The C library's wrappers of the memory calls. Each answers -1 with errno, or for mmap and mremap MAP_FAILED, which is the same bits.</summary>
internal static partial class LinuxCalls
{
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nuint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nuint address, nuint length);

    [LibraryImport(Library, EntryPoint = "mprotect", SetLastError = true)]
    internal static partial int Protect(nuint address, nuint length, int protection);

    // Variadic in C. Linux's calling conventions pass the fifth argument as they would a named one.
    [LibraryImport(Library, EntryPoint = "mremap", SetLastError = true)]
    internal static partial nint Remap(nuint old, nuint oldLength, nuint newLength, int flags, nuint @new);

    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(nuint address, nuint length, int advice);
}
