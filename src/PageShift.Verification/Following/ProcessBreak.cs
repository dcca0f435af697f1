using System.Globalization;

namespace PageShift.Verification.Following;

/// <summary>Where a process's heap begins, as /proc/PID/stat tells.</summary>
internal static class ProcessBreak
{
    // Counted from 1; the second, the program's name in parentheses, may hold spaces. Source: proc_pid_stat(5).
    private const int StartField = 47;
    private const int FirstFieldBehindName = 3;

    /// <summary>The address; 0 when it can't be read.</summary>
    internal static ulong ReadStart(int process)
    {
        try
        {
            string text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length > StartField - FirstFieldBehindName
                && ulong.TryParse(fields[StartField - FirstFieldBehindName], NumberStyles.None, CultureInfo.InvariantCulture, out ulong start) ? start : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
