using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

/// <summary>Opens the files of a process under /proc.</summary>
internal static class ProcessFile
{
    /// <summary>Opens /proc/<paramref name="processId"/>/<paramref name="name"/> for reading.</summary>
    /// <exception cref="IOException">The process does not exist or may not be read.</exception>
    internal static int Open(int processId, string name)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{name}");
        CallResult opened = FileDescriptor.Open(path, FileDescriptor.ReadOnly);
        return opened.IsError ? throw new IOException($"{path} could not be opened: {ErrnoName.Of(opened.Error)}") : (int)opened.Raw;
    }
}
