using System.Globalization;

namespace PageShift.Verification.Following;

/// <summary>What /proc/PID/stat tells of a process. Source: proc_pid_stat(5).</summary>
internal static class ProcessFields
{
    // Counted from 1; the second, the program's name in parentheses, may hold spaces.
    private const int FirstBehindName = 3;
    private const int MinorFaults = 10;
    private const int MajorFaults = 12;
    private const int BreakStart = 47;

    /// <summary>The address at which the heap begins; 0 when it can't be read.</summary>
    internal static ulong ReadBreakStart(int process) => Read(process) is { } fields ? Field(fields, BreakStart) : 0;

    /// <summary>How many page faults all threads of a process have had; null when it can't be read.</summary>
    internal static ulong? ReadFaults(int process) => Read(process) is { } fields ? Field(fields, MinorFaults) + Field(fields, MajorFaults) : null;

    private static string[]? Read(int process)
    {
        try
        {
            string text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static ulong Field(string[] fields, int number) =>
        number - FirstBehindName < fields.Length && ulong.TryParse(fields[number - FirstBehindName], NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
}
