using System.Diagnostics;
using System.Globalization;
using PageShift.Linux.Settings;

namespace PageShift.Linux.Timing;

/// <summary>Measures how much of the machine's processors others used during a span: other programs, and the host of a virtual machine. Their work makes times longer and uneven.
/// Thread safety: none.</summary>
internal sealed class MachineLoad
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly LoadSample _start;

    private MachineLoad(LoadSample start) => _start = start;

    /// <summary>Begins a span; null where the kernel does not tell.</summary>
    public static MachineLoad? Begin() => LoadSample.Read() is { } start ? new MachineLoad(start) : null;

    /// <summary>Ends the span.</summary>
    /// <param name="followed">Processor time of programs that belong to the work and may not be this process's children. Those that it has waited for are counted by themselves; the larger figure
    /// counts.</param>
    /// <returns>What others used; null where the kernel does not tell.</returns>
    public OtherWork? End(TimeSpan followed = default) =>
        LoadSample.Read() is { } end ? _start.OthersUntil(end, Stopwatch.GetElapsedTime(_startedAt), followed) : null;
}

/// <summary>What the kernel has counted up to a moment, in ticks of which a second has 100. Source: proc_stat(5), proc_pid_stat(5), proc_loadavg(5).</summary>
/// <param name="All">Ticks of all processors since the start.</param>
/// <param name="Busy">Those of them in which a processor was not idle.</param>
/// <param name="Processors">Processors of the machine.</param>
/// <param name="Own">Ticks of this process.</param>
/// <param name="OwnAndChildren">The same with the children that it has waited for.</param>
/// <param name="Running">Threads of the machine that run, or wait for a processor, at this moment.</param>
internal readonly record struct LoadSample(long All, long Busy, int Processors, long Own, long OwnAndChildren, int Running)
{
    private const double TicksPerSecond = 100;

    // The one that reads, and one of the runtime's.
    private const int ThreadsOfThisProcess = 2;

    // A shorter span has too few ticks to tell anything.
    private static readonly TimeSpan ShortestCounted = TimeSpan.FromMilliseconds(200);

    /// <summary>What has been counted up to now; null where the kernel does not tell.</summary>
    public static LoadSample? Read() => Parse(ProcSetting.ReadText("/proc/stat") ?? "", ProcSetting.ReadText("/proc/self/stat") ?? "", ProcSetting.ReadText("/proc/loadavg") ?? "");

    /// <summary>Reads the three files' texts; null when they are not as they should be.</summary>
    public static LoadSample? Parse(string stat, string self, string loadAverage)
    {
        string[] lines = stat.Split('\n');
        long[] machine = [.. Numbers(lines[0]).Take(8)]; // user nice system idle iowait irq softirq steal; guests are in the first two
        long[] process = [.. Numbers(self[(self.LastIndexOf(')') + 1)..])]; // the fields behind the state
        string[] words = loadAverage.Split(' ', '/');
        const int User = 10;
        if (machine.Length < 8 || process.Length < User + 4 || words.Length < 5 || !int.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out int running))
            return null;
        return new LoadSample(machine.Sum(), machine.Sum() - machine[3] - machine[4], lines.Count(l => l.StartsWith("cpu", StringComparison.Ordinal)) - 1,
            process[User] + process[User + 1], process[User..(User + 4)].Sum(), running);
    }

    /// <summary>What others used from this sample to a later one; null when no tick was counted.</summary>
    public OtherWork? OthersUntil(LoadSample end, TimeSpan elapsed, TimeSpan followed)
    {
        if (elapsed < ShortestCounted)
            return new OtherWork(Math.Clamp(Math.Min(Running, end.Running) - ThreadsOfThisProcess, 0, end.Processors), end.Processors);
        if (end.All <= All)
            return null;
        double own = Math.Max(end.OwnAndChildren - OwnAndChildren, end.Own - Own + (followed.TotalSeconds * TicksPerSecond));
        double ticks = (end.All - All) / (double)end.Processors;
        return new OtherWork(Math.Clamp((end.Busy - Busy - own) / ticks, 0, end.Processors), end.Processors);
    }

    private static IEnumerable<long> Numbers(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
        .Select(word => long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : 0);
}

/// <summary>What others used of the processors during a span.</summary>
/// <param name="Processors">Processors, on average.</param>
/// <param name="Machine">Processors of the machine.</param>
internal readonly record struct OtherWork(double Processors, int Machine)
{
    /// <summary>True when that was more than an eighth of the machine: then times mean little.</summary>
    public bool IsBusy => Processors > Machine / 8.0;

    /// <summary>What a report says of it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"other programs used {Processors:f1} of {Machine} processors");
}
