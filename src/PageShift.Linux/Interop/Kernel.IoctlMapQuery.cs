using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>The PROCMAP_QUERY request of /proc/PID/maps (Linux 6.11): one mapping in binary.
/// Source: <c>include/uapi/linux/fs.h</c> (layout and values).</content>
internal static unsafe partial class Kernel
{
    private const uint MapQueryRequest = 0xC0686611;

    /// <summary>Asks for the mapping that covers <paramref name="address"/> or is the next above it; ENOENT when there is none.</summary>
    internal static CallResult IoctlMapQuery(SafeHandle maps, ulong address, out MapQuery answer)
    {
        answer = new MapQuery { Size = (ulong)sizeof(MapQuery), Flags = MapQueryFlags.CoveringOrNext, Address = address };
        fixed (MapQuery* argument = &answer)
            return Ioctl(maps, MapQueryRequest, argument);
    }
}

/// <summary>PROCMAP_QUERY_*: what a mapping is, and what is asked for.</summary>
[Flags]
internal enum MapQueryFlags : ulong
{
    Readable = 0x1,
    Writable = 0x2,
    Executable = 0x4,
    Shared = 0x8,
    CoveringOrNext = 0x10,
}

/// <summary>The kernel's <c>struct procmap_query</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MapQuery
{
    internal ulong Size;
    internal MapQueryFlags Flags;
    internal ulong Address;
    internal ulong Start;
    internal ulong End;
    internal MapQueryFlags MappingFlags;
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
