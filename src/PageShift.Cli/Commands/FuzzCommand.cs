using System.CommandLine;
using System.Globalization;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Progress;
using PageShift.Verification.Fuzzing;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift fuzz</c>: random calls on engine and kernel in lockstep.</summary>
internal static class FuzzCommand
{
    private const double LeastSeconds = 0.001;
    private const int MostExported = 1_000_000;
    private const double MostSeconds = 1_000_000_000;

    internal static Command Create()
    {
        Option<ulong> seed = Choice.Number("--seed", "The number from which all sequences are made.", 0ul, ulong.MaxValue, 1ul);
        Option<long?> calls = Choice.OptionalNumber("--calls", "Stop after this many calls (100000, unless --seconds is given).", 1, long.MaxValue);
        Option<double?> seconds = Choice.OptionalNumber("--seconds", "Stop after this many seconds.", LeastSeconds, MostSeconds);
        Option<Shard?> shard = Shard.Option("Run only the I-th of N equal parts of the seed's sequences.");
        Option<string> output = CommonOptions.Directory("The directory that gets the log of a divergence.");
        Option<int> workers = CommonOptions.Workers("How many sequences run at the same time.");
        Option<int?> export = Choice.OptionalNumber("--export", "Write this many short sequences, with the kernel's answers, as cases of the conformance suite to the directory of -o, and do nothing else.", 1, MostExported);
        var command = new Command("fuzz", "Run random calls on the engine and on the running kernel, and compare after each.") { seed, calls, seconds, shard, export, output, workers };
        Option[] notExported = [calls, seconds, shard, workers];
        command.Validators.Add(result =>
        {
            if (result.GetResult(export) is not null && Array.Find(notExported, o => result.GetResult(o) is { Implicit: false }) is { } other)
                result.AddError($"{other.Name}: found --export too, which makes as many cases as it says, one after the other");
        });
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(export) is { } cases)
                return CorpusExport.Run(parsed.GetValue(seed), cases, parsed.GetValue(output)!);
            Shard part = parsed.GetValue(shard) ?? Shard.Whole;
            long? mostCalls = parsed.GetValue(calls);
            double? mostSeconds = parsed.GetValue(seconds);
            var options = new FuzzOptions
            {
                Seed = parsed.GetValue(seed),
                MostCalls = mostCalls ?? (mostSeconds is null ? 100_000 : null),
                MostTime = mostSeconds is { } time ? TimeSpan.FromSeconds(time) : null,
                ShardIndex = part.Index,
                ShardCount = part.Count,
                Workers = parsed.GetValue(workers),
            };
            return Run(options, parsed.GetValue(output)!);
        });
        return command;
    }

    private static int Run(FuzzOptions options, string directory)
    {
        OutputFile.CreateDirectory("-o", directory); // rather than find out at the end that a log can't be kept
        var fuzzer = new Fuzzer(options);
        using var interruption = new Interruption();
        FuzzReport? report;
        string? reason;
        using (ProgressLine.Begin(() => Tell(fuzzer, options)))
            report = fuzzer.Run(out reason, interruption.Token);
        if (report is null)
        {
            Console.Error.WriteLine($"pageshift: {reason}");
            return ExitCode.NotPossibleHere;
        }

        FuzzText.Write(report, options, directory, isCut: interruption.Signal != 0);
        if (report.Finding is not null || report.Unexplained.Count != 0)
            return ExitCode.Divergence;
        return interruption.Signal == 0 ? ExitCode.Done : ExitCode.OfSignal(interruption.Signal);
    }

    private static string Tell(Fuzzer fuzzer, FuzzOptions options)
    {
        string of = options.MostCalls is { } most ? string.Create(CultureInfo.InvariantCulture, $" of {most:n0}") : "";
        string state = fuzzer.IsShrinking ? "; found a divergence, shrinking it" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{fuzzer.Calls:n0}{of} calls, {fuzzer.Sequences:n0} sequences{state}");
    }
}
