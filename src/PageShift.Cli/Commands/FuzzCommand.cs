using System.CommandLine;
using System.Globalization;
using PageShift.Verification;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift fuzz</c>: random calls on engine and kernel in lockstep.</summary>
internal static class FuzzCommand
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    internal static Command Create()
    {
        var seed = new Option<ulong>("--seed") { Description = "Decides all sequences.", DefaultValueFactory = _ => 1 };
        var calls = new Option<long?>("--calls") { Description = "Stop after so many calls (by default after 100000, if no --seconds are given)." };
        var seconds = new Option<double?>("--seconds") { Description = "Stop after so many seconds." };
        var shard = new Option<string>("--shard") { Description = "I/N: run only the I-th of N equal parts of the seed's sequences.", DefaultValueFactory = _ => "1/1" };
        var output = new Option<string>("-o", "--output") { Description = "The directory that gets the log of a divergence.", DefaultValueFactory = _ => "." };
        var workers = new Option<int>("--workers") { Description = "How many sequences run side by side.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("fuzz", "Run random calls on the engine and on the running kernel, and compare after each.") { seed, calls, seconds, shard, output, workers };
        command.SetAction(parsed =>
        {
            (int index, int count) = ParseShard(parsed.GetValue(shard)!);
            double? limit = parsed.GetValue(seconds);
            var options = new FuzzOptions
            {
                Seed = parsed.GetValue(seed),
                MostCalls = parsed.GetValue(calls) ?? (limit is null ? 100_000 : null),
                MostTime = limit is null ? null : TimeSpan.FromSeconds(RequirePositive(limit.Value, "--seconds")),
                ShardIndex = index,
                ShardCount = count,
                Workers = (int)RequirePositive(parsed.GetValue(workers), "--workers"),
            };
            return Run(options, parsed.GetValue(output)!);
        });
        return command;
    }

    private static int Run(FuzzOptions options, string directory)
    {
        var fuzzer = new Fuzzer(options);
        using var stop = new CancellationTokenSource();
        ConsoleCancelEventHandler onCancel = (_, cancel) =>
        {
            cancel.Cancel = true;
            stop.Cancel();
        };
        Console.CancelKeyPress += onCancel;
        FuzzReport? report;
        string? reason;
        try
        {
            using var progress = new Timer(_ => ShowProgress(fuzzer), null, ProgressInterval, ProgressInterval);
            report = fuzzer.Run(out reason, stop.Token);
        }
        finally
        {
            Console.CancelKeyPress -= onCancel;
        }

        if (report is null)
        {
            Console.Error.WriteLine($"pageshift: {reason}");
            return ExitCode.NotPossibleHere;
        }

        if (report.Finding is { } finding)
            ShowFinding(finding, options, directory);
        if (fuzzer.LastUnrepeated is { } unrepeated)
            Console.Error.WriteLine($"pageshift: a difference that did not come again: {unrepeated}");
        ShowSummary(report, options);
        return report.Finding is null ? ExitCode.Done : ExitCode.Divergence;
    }

    private static void ShowSummary(FuzzReport report, FuzzOptions options)
    {
        double perSecond = report.Elapsed > TimeSpan.Zero ? report.Calls / report.Elapsed.TotalSeconds : 0;
        string shard = options.ShardCount == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" shard {options.ShardIndex + 1}/{options.ShardCount},");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {options.Seed},{shard} {report.Calls} calls, {perSecond:f0} calls/s, {report.Sequences} sequences, {(report.Finding is null ? 0 : 1)} divergences, {report.EndedAtKnownDifference} sequences ended by a known difference, {report.Unrepeated} differences that did not come again"));
    }

    private static void ShowFinding(FuzzFinding finding, FuzzOptions options, string directory)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"divergence-{options.Seed}-{finding.SequenceNumber}.strace");
        string path = Path.Combine(directory, name);
        string[] comments =
        [
            finding.Divergence.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}, sequence {finding.SequenceNumber}, policy {Moving.MovePolicyName.Of(finding.Sequence.Policy)}; the results are the kernel's"),
        ];
        finding.Sequence.Write(Console.Out, comments);
        Directory.CreateDirectory(directory);
        using (StreamWriter file = File.CreateText(path))
            finding.Sequence.Write(file, comments);
        Console.Error.WriteLine($"pageshift: the log is in {path}");
    }

    private static void ShowProgress(Fuzzer fuzzer)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"pageshift: {fuzzer.Calls} calls, {fuzzer.Sequences} sequences");
        if (Console.IsErrorRedirected)
            Console.Error.WriteLine(text);
        else
            Console.Error.Write($"\r{text}");
    }

    private static (int Index, int Count) ParseShard(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && index >= 1 && index <= count
            ? (index - 1, count)
            : throw new UsageException($"--shard takes I/N with 1 <= I <= N, such as 3/8; found '{text}'.");
    }

    private static double RequirePositive(double value, string option) =>
        value > 0 ? value : throw new UsageException($"{option} takes a number above 0.");
}
