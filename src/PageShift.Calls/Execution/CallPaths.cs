using System.Globalization;
using PageShift.Mappings;

namespace PageShift.Calls.Execution;

/// <summary>The files that calls may open on the engine and on the running kernel alike: those whose behaviour both know.</summary>
internal static class CallPaths
{
    /// <summary>The device whose private mappings are anonymous memory.</summary>
    internal const string ZeroDevice = "/dev/zero";

    /// <summary>A file that can be opened and has no pages to map.</summary>
    internal const string Directory = "/";

    /// <summary>What /proc shows as the file of System V shared memory; its key in hexadecimal follows.</summary>
    internal const string SegmentPrefix = "/SYSV";

    private const string DeletedSecretMemory = CallRecord.SecretMemoryPath + " (deleted)"; // as /proc shows it
    private const string MemoryFilePrefix = "/memfd:";
    private const string SharedMemoryPrefix = "/dev/shm/";
    private const string DescriptorPrefix = "/proc/self/fd/";
    private const ulong AccessMode = 3;

    /// <summary>The path by which an open file is opened once more.</summary>
    internal static string OfDescriptor(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"{DescriptorPrefix}{descriptor}");

    /// <summary>True for memfd_create, which a record shows as the opening of a name of this form.</summary>
    internal static bool IsMemoryFile(string path) => path.StartsWith(MemoryFilePrefix, StringComparison.Ordinal);

    /// <summary>True for memfd_secret, which a record shows as the opening of a name of its own.</summary>
    internal static bool IsSecretMemory(string? path) => path == CallRecord.SecretMemoryPath;

    /// <summary>True for System V shared memory, as /proc shows it.</summary>
    internal static bool IsSegment(string? path) => path?.StartsWith(SegmentPrefix, StringComparison.Ordinal) ?? false;

    /// <summary>True when the path names a descriptor of the same process.</summary>
    internal static bool TryGetDescriptor(string path, out int descriptor)
    {
        descriptor = 0;
        return path.StartsWith(DescriptorPrefix, StringComparison.Ordinal)
            && int.TryParse(path.AsSpan(DescriptorPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out descriptor);
    }

    /// <summary>True when both can open the path alike.</summary>
    internal static bool IsKnown(string? path) =>
        path is ZeroDevice or Directory or CallRecord.SecretMemoryPath || (path is not null && (IsMemoryFile(path) || TryGetDescriptor(path, out _)));

    /// <summary>True when open's flags ask for writing too.</summary>
    internal static bool CanWrite(ulong flags) => (flags & AccessMode) != 0;

    /// <summary>What a file is to those who map it.</summary>
    internal static MemoryObjectKind KindOf(string? path) => path switch
    {
        ZeroDevice => MemoryObjectKind.ZeroDevice,
        CallRecord.SecretMemoryPath or DeletedSecretMemory => MemoryObjectKind.SecretMemory,
        not null when IsMemoryFile(path) || IsSegment(path) || path.StartsWith(SharedMemoryPrefix, StringComparison.Ordinal) => MemoryObjectKind.Memory,
        _ => MemoryObjectKind.File,
    };

    /// <summary>The open file description that open's flags ask for.</summary>
    internal static OpenFile Open(MemoryObject memory, ulong flags, bool isUnmappable = false)
    {
        const ulong WriteOnly = 1, PathOnly = 0x200000;
        return new OpenFile(memory)
        {
            CanRead = (flags & AccessMode) != WriteOnly,
            CanWrite = CanWrite(flags),
            IsPathOnly = (flags & PathOnly) != 0,
            IsUnmappable = isUnmappable,
        };
    }
}
