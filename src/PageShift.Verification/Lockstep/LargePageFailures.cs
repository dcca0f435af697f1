using System.Globalization;

namespace PageShift.Verification;

/// <summary>How often the kernel could not have a large page and gave small ones, on the whole machine: the only sign of <see cref="KnownDifferences.LargePagesNotToBeHad"/>.</summary>
internal static class LargePageFailures
{
    /// <summary>The number now; 0 where it can't be read.</summary>
    internal static long Read() => File.Exists("/proc/vmstat") ? Count(File.ReadLines("/proc/vmstat")) : 0;

    /// <summary>The number that the lines of /proc/vmstat tell.</summary>
    internal static long Count(IEnumerable<string> lines)
    {
        long count = 0;
        foreach (string line in lines)
        {
            if (line.StartsWith("thp_fault_fallback ", StringComparison.Ordinal) || line.StartsWith("thp_zero_page_alloc_failed ", StringComparison.Ordinal))
                count += long.Parse(line.AsSpan(line.IndexOf(' ', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
        }

        return count;
    }
}
