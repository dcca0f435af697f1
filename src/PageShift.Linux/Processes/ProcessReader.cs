using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Settings;
using PageShift.Units;

namespace PageShift.Linux.Processes;

/// <summary>Reads a process's address space from outside, by its files under /proc: mappings, pages, and bytes. Nothing is faulted in, provided
/// that bytes are read only where a page is present. The reader stays with the address space that the process had when it was opened, also after
/// an exec.
/// Thread safety: none, one thread at a time, but for <see cref="ReadBytes"/>.</summary>
public sealed partial class ProcessReader : IDisposable
{
    /// <summary>The end of user space, less the page that the kernel keeps free: by the levels of page tables that are in use here, four or five.</summary>
    internal static ulong TaskEnd { get; } = ProcessorFeatures.HasFiveLevels ? 0xff_ffff_ffff_f000UL : 0x7fff_ffff_f000UL;

    private readonly SafeFileHandle _maps;
    private readonly SafeFileHandle? _smaps;
    private readonly SafeFileHandle? _pageMap;
    private readonly SafeFileHandle? _memory;

    private ProcessReader(int processId, SafeFileHandle maps, bool canQuery, bool canScan)
    {
        _maps = maps;
        _smaps = Kernel.Openat(PathOf(processId, "smaps"), out _);
        _pageMap = Kernel.Openat(PathOf(processId, "pagemap"), out _);
        _memory = Kernel.Openat(PathOf(processId, "mem"), out _);
        _canQuery = canQuery;
        _canScan = canScan;
    }

    /// <summary>Opens the files of a process.</summary>
    /// <exception cref="IOException">The process does not exist, or its mappings may not be read.</exception>
    public static ProcessReader Open(int processId) => TryOpen(processId, out Errno error)
        ?? throw new IOException($"{PathOf(processId, "maps")} could not be opened: {ErrnoName.Of(error)}");

    /// <summary>Reads bytes from <paramref name="start"/> upwards, whatever the protection of their pages. A page that is not present is faulted in by the kernel
    /// for this. May be called from any thread.</summary>
    /// <returns>How many bytes were read: 0 when the first is not mapped, or when the process has ended or its memory may not be read.</returns>
    public int ReadBytes(VirtualAddress start, Span<byte> bytes)
    {
        int done = 0;
        while (_memory is not null && done < bytes.Length)
        {
            CallResult read = Kernel.Pread64(_memory, bytes[done..], unchecked(start.Value + (ulong)done));
            if (read.Raw <= 0) break;
            done += (int)read.Raw;
        }

        return done;
    }

    /// <summary>True when the process has mappings: a thread of the kernel has none, nor has a process that has ended.</summary>
    internal bool HasMemory
    {
        get
        {
            Span<byte> first = stackalloc byte[1];
            return Kernel.Pread64(_maps, first, 0).Raw > 0;
        }
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _maps.Dispose();
        _smaps?.Dispose();
        _pageMap?.Dispose();
        _memory?.Dispose();
    }

    /// <summary>Opens the files of a process, or says why not. The caller may leave the newer requests out, so that tests can compare both ways.</summary>
    internal static ProcessReader? TryOpen(int processId, out Errno error, bool canQuery = true, bool canScan = true) =>
        Kernel.Openat(PathOf(processId, "maps"), out error) is { } maps ? new ProcessReader(processId, maps, canQuery, canScan) : null;

    private static string PathOf(int processId, string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{name}");
}
