using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>What this library asks of the running kernel: one file for each system call, with the structures that it takes. All go
/// through the C library's <c>syscall</c>: the kernel's own numbers and results, with no wrapper's opinion between.
/// <para>A call returns a <see cref="CallResult"/>, which is a value or an <see cref="Errno"/>. One that opens something returns the
/// handle that closes it, or null and the error.</para></summary>
internal static unsafe partial class Kernel
{
    /// <summary>AT_FDCWD: paths begin at the working directory.</summary>
    internal const int WorkingDirectory = -100;

    private static CallResult Invoke(
        CallNumber number, nint first = 0, nint second = 0, nint third = 0, nint fourth = 0, nint fifth = 0, nint sixth = 0)
    {
        nint result = Syscall((nint)number, first, second, third, fourth, fifth, sixth);
        return new CallResult(result == -1 ? -Marshal.GetLastPInvokeError() : result);
    }

    private static SafeFileHandle? Opened(CallResult descriptor, out Errno error)
    {
        error = descriptor.Error;
        return descriptor.IsError ? null : new SafeFileHandle((nint)descriptor.Raw, ownsHandle: true);
    }

    private static byte[] ZeroTerminated(string text) => Encoding.UTF8.GetBytes(text + '\0');

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    /// <summary>The same for short calls that never wait, whose error does not matter: the garbage collector waits for them.</summary>
    [LibraryImport("libc", EntryPoint = "syscall")]
    [SuppressGCTransition]
    private static partial nint SyscallAtOnce(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    /// <summary>A descriptor that stays open while a call uses it; -1 for none.</summary>
    private readonly ref struct Held : IDisposable
    {
        private readonly SafeHandle? _handle;

        internal Held(SafeHandle? handle)
        {
            bool isHeld = false;
            handle?.DangerousAddRef(ref isHeld);
            _handle = handle;
        }

        internal nint Descriptor => _handle?.DangerousGetHandle() ?? -1;

        public void Dispose() => _handle?.DangerousRelease();
    }
}
