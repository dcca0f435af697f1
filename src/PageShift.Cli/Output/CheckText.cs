using System.Globalization;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Output;

/// <summary>What a check covered and found, for people; and the log of a counterexample, as a file.</summary>
internal static class CheckText
{
    private static readonly TextColumn[] Columns =
    [
        new("world", IsNumber: false), new("populations", IsNumber: true), new("cases", IsNumber: true), new("proved minimal", IsNumber: true),
    ];

    internal static void Write(CheckReport report)
    {
        using var output = TextReport.OnStandardOutput();
        foreach (string line in report.Counterexample?.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [])
            output.Verbatim(line);
        IEnumerable<TextRow> worlds = report.Worlds.Select(world => Row(world.World, world.Checked, world.Cases, world.Minimal));
        output.Table(Columns, [.. worlds, Row("all", report.Worlds.Sum(w => w.Checked), report.Cases, report.Worlds.Sum(w => w.Minimal))]);
        output.Line(Verdict(report));
    }

    /// <summary>Keeps the log of a counterexample, and says on standard error where.</summary>
    internal static void Keep(Counterexample found, CheckOptions options, string directory)
    {
        string path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"counterexample-{options.Depth}-{found.Population}.strace"));
        File.WriteAllText(path, found.Log);
        Console.Error.WriteLine($"pageshift: the log is in {path}");
    }

    private static TextRow Row(string world, long populations, long cases, long minimal) => new(RowTone.Plain, [world, Number(populations), Number(cases), Number(minimal)]);

    // One line that can be quoted.
    private static string Verdict(CheckReport report)
    {
        CheckOptions options = report.Options;
        string shard = report.MergedShards != 0 ? string.Create(CultureInfo.InvariantCulture, $", {report.MergedShards} shards")
            : options.ShardCount == 1 ? ""
            : string.Create(CultureInfo.InvariantCulture, $", shard {options.ShardIndex + 1}/{options.ShardCount}");
        string found = report.Counterexample is { } counterexample ? $"a counterexample: {counterexample.Failure}"
            : report.IsComplete ? "no counterexample"
            : "no counterexample so far (stopped early)";
        return string.Create(CultureInfo.InvariantCulture,
            $"depth {options.Depth}{shard}: {report.Cases:n0} cases, {report.Elapsed.TotalSeconds:f1} s: {found}");
    }

    private static string Number(long count) => count.ToString("n0", CultureInfo.InvariantCulture);
}
