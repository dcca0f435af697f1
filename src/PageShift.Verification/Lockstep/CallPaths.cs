using System.Globalization;
using PageShift.Mappings;

namespace PageShift.Verification;

/// <summary>The files that a log may open in lockstep: those whose behaviour both sides know.</summary>
internal static class CallPaths
{
    /// <summary>The device whose private mappings are anonymous memory.</summary>
    internal const string ZeroDevice = "/dev/zero";

    /// <summary>A file that can be opened and has no pages to map.</summary>
    internal const string Directory = "/";

    private const string MemoryFilePrefix = "/memfd:";
    private const string DescriptorPrefix = "/proc/self/fd/";

    /// <summary>The path by which an open file is opened once more.</summary>
    internal static string OfDescriptor(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"{DescriptorPrefix}{descriptor}");

    /// <summary>True for memfd_create, which a record shows as the opening of a name of this form.</summary>
    internal static bool IsMemoryFile(string path) => path.StartsWith(MemoryFilePrefix, StringComparison.Ordinal);

    /// <summary>True when the path names a descriptor of the same process.</summary>
    internal static bool TryGetDescriptor(string path, out int descriptor)
    {
        descriptor = 0;
        return path.StartsWith(DescriptorPrefix, StringComparison.Ordinal)
            && int.TryParse(path.AsSpan(DescriptorPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out descriptor);
    }

    /// <summary>True when both sides can open the path alike.</summary>
    internal static bool IsKnown(string? path) =>
        path is ZeroDevice or Directory || (path is not null && (IsMemoryFile(path) || TryGetDescriptor(path, out _)));

    /// <summary>The open file description that open's flags ask for.</summary>
    internal static OpenFile Open(MemoryObject memory, ulong flags, bool isUnmappable = false)
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
