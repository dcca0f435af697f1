using System.Globalization;
using PageShift.Linux.Settings;

namespace PageShift.Linux.Processes;

/// <summary>What /proc/PID/stat tells of a process or a thread. Source: proc_pid_stat(5).</summary>
internal static class ProcessFields
{
    // Counted from 1; the second, the program's name in parentheses, may hold spaces.
    private const int State = 3;
    private const int MinorFaults = 10;
    private const int MajorFaults = 12;
    private const int BreakStart = 47;

    /// <summary>True when a thread runs, or waits for nothing but a processor.</summary>
    internal static bool IsRunnable(int thread) => Read(thread) is ["R", ..];

    /// <summary>The address at which the heap begins; 0 when it can't be read.</summary>
    internal static ulong ReadBreakStart(int process) => Number(Read(process), BreakStart);

    /// <summary>How many page faults all threads of a process have had that were served from memory, and that had to wait for a device; null when it can't be read.</summary>
    internal static (ulong Minor, ulong Major)? ReadFaults(int process) => Read(process) is { Length: > 0 } fields ? (Number(fields, MinorFaults), Number(fields, MajorFaults)) : null;

    /// <summary>The fields from <see cref="State"/> on; none when it has ended.</summary>
    private static string[] Read(int task)
    {
        string text = ProcSetting.ReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{task}/stat")) ?? "";
        int name = text.LastIndexOf(')');
        return name >= 0 && name + 2 < text.Length ? text[(name + 2)..].Split(' ') : [];
    }

    private static ulong Number(string[] fields, int field) =>
        field - State < fields.Length && ulong.TryParse(fields[field - State], NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
}
