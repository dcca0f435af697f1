using System.Globalization;

namespace PageShift.Linux.Processes;

/// <summary>The threads of a process, as /proc/PID/task lists them. Source: proc_pid_task(5).</summary>
internal static class ProcessThreads
{
    /// <summary>Their numbers; none when it has ended, or is hidden.</summary>
    internal static IReadOnlyCollection<int> Of(int process)
    {
        try
        {
            return [.. Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task")).Select(f => int.Parse(Path.GetFileName(f), NumberStyles.None, CultureInfo.InvariantCulture))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
