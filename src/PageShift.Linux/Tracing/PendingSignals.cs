using System.Globalization;
using PageShift.Linux.Settings;

namespace PageShift.Linux.Tracing;

/// <summary>The signals that a process was sent and has not taken yet. Source: proc_pid_status(5).</summary>
internal static class PendingSignals
{
    // Those of the first thread, and those of the process.
    private static readonly string[] Masks = ["SigPnd:", "ShdPnd:"];

    /// <summary>True when a process will get a signal that it was sent; false also when it has ended.</summary>
    internal static bool Has(int process, int signal)
    {
        string status = ProcSetting.ReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")) ?? "";
        foreach (string line in status.Split('\n'))
        {
            if (Array.Exists(Masks, mask => line.StartsWith(mask, StringComparison.Ordinal))
                && ulong.TryParse(line[Masks[0].Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong pending)
                && (pending >> (signal - 1) & 1) != 0)
                return true;
        }

        return false;
    }
}
