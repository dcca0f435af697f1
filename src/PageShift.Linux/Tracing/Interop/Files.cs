using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>open(2), write(2), close(2) and access(2), with errors as values.</summary>
internal static unsafe partial class Files
{
    private const int CloseOnExec = 0x80000;
    private const int ReadOnly = 0;
    private const int MayExecute = 1;

    /// <summary>Opens <paramref name="path"/> for reading.</summary>
    public static Errno OpenForReading(string path, out SafeFileHandle? file)
    {
        nint descriptor = Open_(path, ReadOnly | CloseOnExec, 0);
        file = descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
        return KernelError.Of(descriptor);
    }

    /// <summary>Writes all of <paramref name="source"/>.</summary>
    public static Errno Write(int descriptor, ReadOnlySpan<byte> source)
    {
        fixed (byte* start = source)
        {
            int done = 0;
            while (done < source.Length)
            {
                nint written = Write_(descriptor, start + done, source.Length - done);
                if (written < 0)
                    return KernelError.Last;

                done += (int)written;
            }
        }

        return Errno.None;
    }

    public static Errno Close(int descriptor) => KernelError.Of(Close_(descriptor));

    /// <summary>Whether this process may execute <paramref name="path"/>: 0, EACCES, ENOENT, ...</summary>
    public static Errno MayBeExecuted(string path) => KernelError.Of(Access_(path, MayExecute));

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open_(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write_(int descriptor, byte* source, nint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close_(int descriptor);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access_(string path, int mode);
}
