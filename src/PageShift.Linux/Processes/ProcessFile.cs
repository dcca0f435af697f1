using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

/// <summary>Opens the files of a process under /proc.</summary>
internal static class ProcessFile
{
    /// <summary>Opens /proc/<paramref name="processId"/>/<paramref name="name"/> for reading.</summary>
    /// <returns>The descriptor, or the error: the process does not exist or may not be read.</returns>
    internal static CallResult Open(int processId, string name) => FileDescriptor.Open(Path(processId, name), FileDescriptor.ReadOnly);

    /// <summary>The exception for a file that could not be opened and whose caller asked for one.</summary>
    internal static IOException Failure(int processId, string name, CallResult opened) =>
        new($"{Path(processId, name)} could not be opened: {ErrnoName.Of(opened.Error)}");

    private static string Path(int processId, string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{name}");
}
