using System.Globalization;

namespace PageShift.Verification;

/// <summary>How much memory the machine has, which bounds a single charge in the kernel's overcommit mode 0.</summary>
internal static class MemoryTotals
{
    /// <summary>MemTotal plus SwapTotal of /proc/meminfo, in bytes; 2^64 - 1 where it can't be read.</summary>
    internal static ulong ReadBytes()
    {
        ulong kibibytes = 0;
        foreach (string line in File.ReadLines("/proc/meminfo"))
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal) || line.StartsWith("SwapTotal:", StringComparison.Ordinal))
                kibibytes += ulong.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1, line.Length - line.IndexOf(':', StringComparison.Ordinal) - "kB".Length - 1).Trim(), CultureInfo.InvariantCulture);
        }

        return kibibytes == 0 ? ulong.MaxValue : kibibytes << 10;
    }
}
