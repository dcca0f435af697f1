using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PageShift.Memory.Interop;

/// <summary>userfaultfd(2), for UFFDIO_MOVE alone (Linux 6.8): no fault is ever handled with it.</summary>
internal sealed unsafe partial class Userfaultfd
{
    private const int CloseOnExec = 0x80000;
    private const int UserModeOnly = 1; // allowed without privilege
    private const ulong ApiVersion = 0xaa;
    private const ulong FeatureMove = 1 << 16;
    private const ulong MissingMode = 1;
    private const ulong AllowSourceHoles = 2;

    // _IOWR(0xaa, number, size) of the kernel's header.
    private const nuint IoApi = 0xc018aa3f;
    private const nuint IoRegister = 0xc020aa00;
    private const nuint IoUnregister = 0x8010aa01;
    private const nuint IoMove = 0xc028aa05;

    private readonly SafeFileHandle _descriptor;

    private Userfaultfd(SafeFileHandle descriptor) => _descriptor = descriptor;

    /// <summary>Opens one; null where the kernel has none, lacks the move, or does not allow it.</summary>
    internal static Userfaultfd? TryOpen()
    {
        long number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 323,
            Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 282,
            _ => -1,
        };
        if (number < 0)
            return null;
        nint descriptor = SystemCall((nint)number, CloseOnExec | UserModeOnly);
        if (descriptor < 0)
            return null;
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        ulong* api = stackalloc ulong[3] { ApiVersion, FeatureMove, 0 };
        if (Control(handle, IoApi, api) == 0 && (api[1] & FeatureMove) != 0)
            return new Userfaultfd(handle);
        handle.Dispose();
        return null;
    }

    /// <summary>Moves the pages of a range to an empty one. Answers the bytes moved, from the start; or a negated errno when none was.</summary>
    internal long Move(ulong source, ulong destination, ulong length)
    {
        if (_descriptor.IsClosed)
            return KernelError.NotImplemented;
        ulong* register = stackalloc ulong[4] { destination, length, MissingMode, 0 };
        if (Control(_descriptor, IoRegister, register) != 0)
            return -Marshal.GetLastPInvokeError();
        ulong* move = stackalloc ulong[5] { destination, source, length, AllowSourceHoles, 0 };
        long result = Control(_descriptor, IoMove, move) == 0 ? (long)length : -Marshal.GetLastPInvokeError();
        long moved = (long)move[4];
        ulong* range = stackalloc ulong[2] { destination, length };
        if (Control(_descriptor, IoUnregister, range) != 0)
            _descriptor.Dispose(); // a fault in a range that stays registered would wait for ever; closing unregisters all of them
        return result < 0 && moved > 0 ? moved : result;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle descriptor, nuint request, void* argument);
}
