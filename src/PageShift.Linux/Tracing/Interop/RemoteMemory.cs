using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>process_vm_readv(2): copies from another process's memory, faulting its pages in as a read would.</summary>
internal static unsafe partial class RemoteMemory
{
    /// <summary>Copies up to the first page that can't be read. EFAULT when that is the first one.</summary>
    public static Errno Read(int process, ulong address, Span<byte> destination, out int count)
    {
        fixed (byte* start = destination)
        {
            var local = new IoVector { Start = (ulong)start, LengthBytes = (ulong)destination.Length };
            var remote = new IoVector { Start = address, LengthBytes = (ulong)destination.Length };
            nint read = Read_(process, &local, 1, &remote, 1, 0);
            count = read < 0 ? 0 : (int)read;
            return KernelError.Of(read);
        }
    }

    [LibraryImport("libc", EntryPoint = "process_vm_readv", SetLastError = true)]
    private static partial nint Read_(int process, IoVector* local, nuint localCount, IoVector* remote, nuint remoteCount, nuint flags);

    /// <summary><c>struct iovec</c>, 16 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        public ulong Start;
        public ulong LengthBytes;
    }
}
