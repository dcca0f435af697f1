using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

/// <summary>Reads another process's bytes by /proc/PID/mem, which a page's protection does not stop.
/// Thread safety: safe for concurrent reads.</summary>
public sealed class MemoryReader : IDisposable
{
    private const string Name = "mem";

    private readonly int _descriptor;

    private MemoryReader(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens the memory of a process. The reader stays with the address space that the process has now, also after an exec.</summary>
    /// <exception cref="IOException">The process does not exist or may not be read.</exception>
    public static MemoryReader Open(int processId) => TryOpen(processId, out CallResult opened) ?? throw ProcessFile.Failure(processId, Name, opened);

    /// <summary>Reads from <paramref name="start"/> upwards.</summary>
    /// <returns>How many bytes were read, 0 when the first is not mapped.</returns>
    public int Read(VirtualAddress start, Span<byte> bytes)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            CallResult read = FileDescriptor.ReadAt(_descriptor, bytes[done..], unchecked(start.Value + (ulong)done));
            if (read.Raw <= 0) break;
            done += (int)read.Raw;
        }

        return done;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => FileDescriptor.Close(_descriptor);

    /// <summary>Opens the memory of a process, or says why not.</summary>
    internal static MemoryReader? TryOpen(int processId, out CallResult opened)
    {
        opened = ProcessFile.Open(processId, Name);
        return opened.IsError ? null : new MemoryReader((int)opened.Raw);
    }
}
