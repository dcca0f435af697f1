using System.Globalization;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;

namespace PageShift.Cli.Output;

/// <summary>What a run of the fuzzer found, for people; and the logs of its differences, as files.</summary>
internal static class FuzzText
{
    internal static void Write(FuzzReport report, FuzzOptions options, string directory, bool isCut)
    {
        if (report.Finding is { } finding)
        {
            finding.Sequence.Write(Console.Out, Comments(finding, options));
            Console.Error.WriteLine($"pageshift: the log is in {Keep(finding, options, directory, "divergence")}");
        }

        foreach (FuzzFinding once in report.Unexplained)
        {
            Console.Error.WriteLine($"pageshift: differed once, and not again: {once.Divergence}");
            Console.Error.WriteLine($"pageshift: the log is in {Keep(once, options, directory, "once")}");
        }

        WriteSummary(report, options, isCut);
    }

    // The first line is for people and for `grep`; a line for each known difference that was met follows.
    private static void WriteSummary(FuzzReport report, FuzzOptions options, bool isCut)
    {
        using var output = TextReport.OnStandardOutput();
        double perSecond = report.Elapsed > TimeSpan.Zero ? report.Calls / report.Elapsed.TotalSeconds : 0;
        string shard = options.ShardCount == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", shard {options.ShardIndex + 1}/{options.ShardCount}");
        string found = report.Finding is not null ? "a divergence" : report.Unexplained.Count != 0 ? "a difference that did not repeat" : "no divergence";
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"seed {options.Seed}{shard}: {report.Calls:n0} calls in {report.Sequences:n0} sequences, {report.Elapsed.TotalSeconds:f1} s, {perSecond:n0} calls/s: {found}{(isCut ? " (stopped early)" : "")}"));
        if (report.Unmodelled != 0)
            output.Line($"left out, {Times(report.Unmodelled)}: calls for large pages of hugetlbfs or of memory files, which the engine does not support");
        foreach (KnownDifference known in KnownDifferences.All)
        {
            if (report.Known.TryGetValue(known, out long count))
                output.Line(string.Create(CultureInfo.InvariantCulture, $"known difference, {Times(count)}: {known.Name}"));
        }
    }

    private static string Times(long count) => count == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{count:n0} times");

    private static string Keep(FuzzFinding finding, FuzzOptions options, string directory, string kind)
    {
        string path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{kind}-{options.Seed}-{finding.SequenceNumber}.strace"));
        using StreamWriter file = File.CreateText(path);
        finding.Sequence.Write(file, Comments(finding, options));
        return path;
    }

    private static string[] Comments(FuzzFinding finding, FuzzOptions options) =>
    [
        finding.Divergence.ToString(),
        string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}, sequence {finding.SequenceNumber}, policy {MovePolicyName.Of(finding.Sequence.Policy)}; the results are the kernel's"),
    ];
}
