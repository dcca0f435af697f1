using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>The PROCMAP_QUERY request of /proc/PID/maps (Linux 6.11): one mapping in binary.
/// Source: <c>include/uapi/linux/fs.h</c> (layout and values).</summary>
internal static unsafe class ProcMapQuery
{
    internal const ulong CoveringOrNext = 0x10;
    internal const ulong Readable = 1;
    internal const ulong Writable = 2;
    internal const ulong Executable = 4;
    internal const ulong Shared = 8;
    private const long ControlNumber = 16;
    private const long Request = 0xC0686611;

    /// <summary>Asks for the mapping that covers <paramref name="address"/> or is the next above it; ENOENT when there is none.</summary>
    internal static CallResult Next(int mapsDescriptor, ulong address, out Answer answer)
    {
        answer = new Answer { Size = (ulong)sizeof(Answer), Flags = CoveringOrNext, Address = address };
        fixed (Answer* pointer = &answer)
        {
            return SystemCall.Invoke(ControlNumber, mapsDescriptor, unchecked((nint)Request), (nint)pointer);
        }
    }

    /// <summary>The kernel's <c>struct procmap_query</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Answer
    {
        internal ulong Size;
        internal ulong Flags;
        internal ulong Address;
        internal ulong Start;
        internal ulong End;
        internal ulong MappingFlags;
        internal ulong PageBytes;
        internal ulong FileOffset;
        internal ulong Inode;
        internal uint DeviceMajor;
        internal uint DeviceMinor;
        internal uint NameBytes;
        internal uint BuildIdBytes;
        internal ulong NameAddress;
        internal ulong BuildIdAddress;
    }
}
