using System.Globalization;

namespace PageShift.Linux;

/// <summary>How much memory the machine has: lines of /proc/meminfo.</summary>
internal static class MachineMemory
{
    /// <summary>MemTotal plus SwapTotal, which bounds a single charge in the kernel's overcommit mode 0, in bytes; 2^64 - 1 where it can't be read.</summary>
    public static ByteLength ReadTotal() => BytesOf("MemTotal:", "SwapTotal:");

    /// <summary>MemAvailable, in bytes: what programs can still take without making others swap; 2^64 - 1 where it can't be read.</summary>
    public static ByteLength ReadAvailable() => BytesOf("MemAvailable:");

    /// <summary>True when pages may be swapped out; false where it can't be read.</summary>
    public static bool HasSwap() => Kibibytes("SwapTotal:") != 0;

    private static ByteLength BytesOf(params ReadOnlySpan<string> names) => new(Kibibytes(names) is > 0 and ulong kibibytes ? kibibytes << 10 : ulong.MaxValue);

    private static ulong Kibibytes(params ReadOnlySpan<string> names)
    {
        ulong kibibytes = 0;
        foreach (string line in (ProcSetting.ReadText("/proc/meminfo") ?? "").Split('\n'))
        {
            foreach (string name in names)
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                    kibibytes += ulong.Parse(line[name.Length..^"kB".Length], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
            }
        }

        return kibibytes;
    }
}
