using System.Globalization;
using PageShift.Linux.Interop;
using PageShift.Linux.Settings;

namespace PageShift.Linux.Tracing;

/// <summary>The file that a process executes.</summary>
internal static class ProgramFile
{
    /// <summary>The file's path, as /proc/PID/exe names it; null when it can't be read. The kernel hides it when the tracer's user may execute the file and not read it.</summary>
    public static string? PathOf(int process) => ProcSetting.ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/exe"));

    /// <summary>True when the file's set-user-ID or set-group-ID bit should have changed the user or group of the process, and did not: the kernel gives no privilege to a program whose
    /// tracer has none. Source: ptrace(2), execve(2).</summary>
    public static bool LosesPrivilege(int process, string path)
    {
        if (Kernel.Statx(path, out FileStatus file).IsError || (file.Mode & (FileStatus.SetUser | FileStatus.SetGroup)) == 0)
            return false;
        string[] status = (ProcSetting.ReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")) ?? "").Split('\n');
        return (file.Mode & FileStatus.SetUser) != 0 && Effective(status, "Uid:") is { } user && user != file.User
            || (file.Mode & FileStatus.SetGroup) != 0 && Effective(status, "Gid:") is { } group && group != file.Group;
    }

    // Real, effective, saved, and that for files.
    private static uint? Effective(string[] status, string name)
    {
        string[] words = Array.Find(status, line => line.StartsWith(name, StringComparison.Ordinal))?.Split('\t') ?? [];
        return words.Length > 2 && uint.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id) ? id : null;
    }
}
