using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PageShift.Calls.Execution;

namespace PageShift.Verification.Lockstep;

/// <summary>What the kernel did with the pages of processes of its own accord, by its own counters: evidence for those <see cref="KnownDifferences"/> that come from elsewhere than
/// from the calls. Thread safety: none; one thread at a time.</summary>
/// <remarks>The counters are the whole system's: that one has moved says that it may have been this process, not that it was. Therefore a difference that comes again is never
/// explained by them alone.</remarks>
internal sealed class KernelActivity : IDisposable
{
    private const string CollapsedPath = "/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed";
    private const string StatisticsPath = "/proc/vmstat";
    private const int StatisticsBytes = 1 << 14;

    private static readonly byte[][] ReclaimCounters = [.. ((string[])["pglazyfreed", "pswpout", "oom_kill", "pgscan_anon", "compact_stall"]).Select(Line)];

    private static readonly byte[][] ShortageCounters =
        [.. ((string[])["thp_fault_fallback", "thp_collapse_alloc_failed", "thp_zero_page_alloc_failed"]).Select(Line)];

    private readonly SafeFileHandle? _collapsed = TryOpen(CollapsedPath);
    private readonly SafeFileHandle? _statistics = TryOpen(StatisticsPath);
    private readonly byte[] _before = new byte[StatisticsBytes];
    private readonly byte[] _after = new byte[StatisticsBytes];
    private int _beforeLength;
    private long _collapsedBefore;

    /// <summary>Counts from now on.</summary>
    internal void Begin()
    {
        _collapsedBefore = ReadNumber(_collapsed);
        _beforeLength = Read(_statistics, _before);
    }

    /// <summary>What the kernel has done since <see cref="Begin"/> that may have changed pages; null when nothing.</summary>
    internal KnownDifference? Explain()
    {
        if (ReadNumber(_collapsed) != _collapsedBefore)
            return KnownDifferences.BackgroundCollapse;
        ReadOnlySpan<byte> before = _before.AsSpan(0, _beforeLength);
        ReadOnlySpan<byte> after = _after.AsSpan(0, Read(_statistics, _after));
        if (HasMoved(ShortageCounters, before, after))
            return KnownDifferences.NoLargePageFree;
        return HasMoved(ReclaimCounters, before, after) ? KnownDifferences.Reclaim : null;
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _collapsed?.Dispose();
        _statistics?.Dispose();
    }

    private static bool HasMoved(byte[][] counters, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        foreach (byte[] line in counters)
        {
            if (Counter(before, line) != Counter(after, line))
                return true;
        }

        return false;
    }

    /// <summary>The number after a name at the beginning of a line; 0 where this kernel has no such counter.</summary>
    private static long Counter(ReadOnlySpan<byte> statistics, byte[] line)
    {
        int at = statistics.IndexOf(line);
        return at >= 0 && Utf8Parser.TryParse(statistics[(at + line.Length)..], out long value, out _) ? value : 0;
    }

    private static long ReadNumber(SafeFileHandle? file)
    {
        Span<byte> text = stackalloc byte[32];
        return Utf8Parser.TryParse(text[..Read(file, text)], out long value, out _) ? value : 0;
    }

    private static int Read(SafeFileHandle? file, Span<byte> into) => file is null ? 0 : RandomAccess.Read(file, into, 0);

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null; // a kernel without large pages, or a container without /sys
        }
    }

    private static byte[] Line(string counter) => Encoding.UTF8.GetBytes($"\n{counter} ");
}
