using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>statx(2).</content>
internal static unsafe partial class Kernel
{
    private const int BasicStatus = 0x7ff;

    /// <summary>Reads the owner and the mode of a file; symbolic links are followed.</summary>
    internal static CallResult Statx(string path, out FileStatus status)
    {
        fixed (byte* name = ZeroTerminated(path))
        fixed (FileStatus* filled = &status)
            return Invoke(CallNumber.Statx, WorkingDirectory, (nint)name, 0, BasicStatus, (nint)filled);
    }
}

/// <summary>struct statx, as far as it is used here. Source: <c>include/uapi/linux/stat.h</c> (layout).</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    /// <summary>S_ISUID.</summary>
    internal const int SetUser = 0x800;

    /// <summary>S_ISGID.</summary>
    internal const int SetGroup = 0x400;

    /// <summary>The owner.</summary>
    [FieldOffset(20)]
    internal uint User;

    /// <summary>The owner's group.</summary>
    [FieldOffset(24)]
    internal uint Group;

    /// <summary>Type and permissions.</summary>
    [FieldOffset(28)]
    internal ushort Mode;
}
