using System.Globalization;
using PageShift.Units;

namespace PageShift.Linux.Settings;

/// <summary>How much memory the machine has, by /proc/meminfo, and this process may take.</summary>
internal static class MachineMemory
{
    /// <summary>MemTotal plus SwapTotal, which bounds a single charge in the kernel's overcommit mode 0, in bytes; 2^64 - 1 where it can't be read.</summary>
    public static ByteLength ReadTotal() => BytesOf("MemTotal:", "SwapTotal:");

    /// <summary>MemAvailable, in bytes: what programs can still take without making others swap. No more than the limit that the runtime knows of, that of the control group for instance, of
    /// which the machine's own figures know nothing.</summary>
    public static ByteLength ReadAvailable() => new(Math.Min(BytesOf("MemAvailable:").Value, (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));

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
