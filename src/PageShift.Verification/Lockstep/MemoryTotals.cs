using System.Globalization;

namespace PageShift.Verification;

/// <summary>How much memory the machine has, which bounds a single charge in the kernel's overcommit mode 0.</summary>
internal static class MemoryTotals
{
    /// <summary>MemTotal plus SwapTotal of /proc/meminfo, in bytes; 2^64 - 1 where it can't be read.</summary>
    internal static ulong ReadBytes() => ReadKibibytes("MemTotal:") + ReadKibibytes("SwapTotal:") is > 0 and ulong kibibytes ? kibibytes << 10 : ulong.MaxValue;

    /// <summary>True when pages may be swapped out.</summary>
    internal static bool HasSwap() => ReadKibibytes("SwapTotal:") != 0;

    private static ulong ReadKibibytes(string name)
    {
        string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : ulong.Parse(line.AsSpan(name.Length, line.Length - name.Length - "kB".Length).Trim(), CultureInfo.InvariantCulture);
    }
}
