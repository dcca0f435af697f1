using System.Buffers.Text;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Timing;

/// <summary>The processor time of another process's thread, in nanoseconds, as the kernel's scheduler counts it: exact while the thread is stopped. Waiting for a processor is no part of it.
/// Thread safety: none. Source: <c>Documentation/scheduler/sched-stats.rst</c>, /proc/PID/schedstat.</summary>
internal sealed class TaskClock : IDisposable
{
    private readonly SafeFileHandle _file;

    private TaskClock(SafeFileHandle file) => _file = file;

    /// <summary>Opens the clock of a thread; null where this kernel shows none, when the thread has ended, or when no more files can be opened.</summary>
    public static TaskClock? TryOpen(int process, int thread) =>
        Kernel.Openat(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task/{thread}/schedstat"), out _) is { } file ? new TaskClock(file) : null;

    /// <summary>Nanoseconds that the thread has run; null when it has ended.</summary>
    public long? Read()
    {
        Span<byte> text = stackalloc byte[64];
        CallResult read = Kernel.Pread64(_file, text, 0);
        return !read.IsError && Utf8Parser.TryParse(text[..(int)read.Raw], out long nanoseconds, out int digits) && digits > 0 ? nanoseconds : null;
    }

    /// <summary>How often the thread has been given a processor; null when it has ended.</summary>
    public long? ReadTurns()
    {
        Span<byte> text = stackalloc byte[96];
        CallResult read = Kernel.Pread64(_file, text, 0);
        if (read.IsError)
            return null;
        // The time that it has run, the time that it has waited, and the turns.
        ReadOnlySpan<byte> turns = text[..(int)read.Raw];
        turns = turns[(turns.LastIndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(turns, out long count, out int digits) && digits > 0 ? count : null;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
