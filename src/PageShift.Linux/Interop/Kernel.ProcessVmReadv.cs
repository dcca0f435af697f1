using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>process_vm_readv(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Copies from another process's memory, faulting its pages in as a read would, up to the first page that can't be read. EFAULT when
    /// that is the first one.</summary>
    /// <returns>How many bytes.</returns>
    internal static CallResult ProcessVmReadv(int process, ulong address, Span<byte> destination)
    {
        fixed (byte* start = destination)
        {
            var local = new IoVector { Start = (ulong)start, LengthBytes = (ulong)destination.Length };
            var remote = new IoVector { Start = address, LengthBytes = (ulong)destination.Length };
            return Invoke(CallNumber.ProcessVmReadv, process, (nint)(&local), 1, (nint)(&remote), 1);
        }
    }
}

/// <summary><c>struct iovec</c>, 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    internal ulong Start;
    internal ulong LengthBytes;
}
