using System.Globalization;
using PageShift.Mappings;

namespace PageShift.Calls.Execution;

/// <summary>The files that calls may open on the engine and on the running kernel alike: those whose behaviour both know.</summary>
public static class CallPaths
{
    /// <summary>The device whose private mappings are anonymous memory.</summary>
    public const string ZeroDevice = "/dev/zero";

    /// <summary>A file that can be opened and has no pages to map.</summary>
    public const string Directory = "/";

    private const string MemoryFilePrefix = "/memfd:";
    private const string DescriptorPrefix = "/proc/self/fd/";

    /// <summary>The path by which an open file is opened once more.</summary>
    public static string OfDescriptor(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"{DescriptorPrefix}{descriptor}");

    /// <summary>True for memfd_create, which a record shows as the opening of a name of this form.</summary>
    public static bool IsMemoryFile(string path) => path.StartsWith(MemoryFilePrefix, StringComparison.Ordinal);

    /// <summary>True when the path names a descriptor of the same process.</summary>
    public static bool TryGetDescriptor(string path, out int descriptor)
    {
        descriptor = 0;
        return path.StartsWith(DescriptorPrefix, StringComparison.Ordinal)
            && int.TryParse(path.AsSpan(DescriptorPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out descriptor);
    }

    /// <summary>True when both can open the path alike.</summary>
    public static bool IsKnown(string? path) =>
        path is ZeroDevice or Directory || (path is not null && (IsMemoryFile(path) || TryGetDescriptor(path, out _)));

    /// <summary>The open file description that open's flags ask for.</summary>
    public static OpenFile Open(MemoryObject memory, ulong flags, bool isUnmappable = false)
    {
        const ulong AccessMode = 3, WriteOnly = 1, ReadOnly = 0, PathOnly = 0x200000;
        return new OpenFile(memory)
        {
            CanRead = (flags & AccessMode) != WriteOnly,
            CanWrite = (flags & AccessMode) != ReadOnly,
            IsPathOnly = (flags & PathOnly) != 0,
            IsUnmappable = isUnmappable,
        };
    }
}
