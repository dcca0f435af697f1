using System.Text;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>open, close, pread, ftruncate: files of /proc whose reads may fail as a matter of course, so that
/// an exception would be the wrong answer.</summary>
internal static unsafe class FileDescriptor
{
    internal const int ReadOnly = 0;
    internal const int ReadWrite = 2;

    /// <summary>ENOTTY: what ioctl returns when the kernel does not know the request.</summary>
    internal const Errno RequestUnknown = (Errno)25;

    private const int CloseOnExec = 0x80000;
    private const int AtWorkingDirectory = -100;
    private const long CloseNumber = 3;
    private const long PreadNumber = 17;
    private const long TruncateNumber = 77;
    private const long OpenAtNumber = 257;

    /// <summary>openat(2), close-on-exec.</summary>
    internal static CallResult Open(string path, int flags)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* pointer = name)
        {
            return SystemCall.Invoke(OpenAtNumber, AtWorkingDirectory, (nint)pointer, flags | CloseOnExec);
        }
    }

    /// <summary>close(2).</summary>
    internal static CallResult Close(int descriptor) => SystemCall.Invoke(CloseNumber, descriptor);

    /// <summary>pread64(2).</summary>
    internal static CallResult ReadAt(int descriptor, Span<byte> buffer, ulong offset)
    {
        fixed (byte* pointer = buffer)
        {
            return SystemCall.Invoke(PreadNumber, descriptor, (nint)pointer, buffer.Length, (nint)offset);
        }
    }

    /// <summary>ftruncate(2).</summary>
    internal static CallResult SetLength(int descriptor, ulong length) => SystemCall.Invoke(TruncateNumber, descriptor, (nint)length);
}
