using System.CommandLine;
using System.Globalization;
using PageShift.Cli.Output;
using PageShift.Verification;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift fuzz</c>: random calls on engine and kernel in lockstep.</summary>
internal static class FuzzCommand
{
    private const int MostSeconds = 1_000_000_000;
    private const int MostWorkers = 256;

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
            (int index, int count) = Shard.Parse(parsed.GetValue(shard)!);
            long? mostCalls = parsed.GetValue(calls);
            double? mostSeconds = parsed.GetValue(seconds);
            Require(mostCalls is null or > 0, "--calls", $"a number above 0");
            Require(mostSeconds is null or (> 0 and <= MostSeconds), "--seconds", $"a number above 0, at most {MostSeconds}");
            Require(parsed.GetValue(workers) is > 0 and <= MostWorkers, "--workers", $"a number from 1 to {MostWorkers}");
            var options = new FuzzOptions
            {
                Seed = parsed.GetValue(seed),
                MostCalls = mostCalls ?? (mostSeconds is null ? 100_000 : null),
                MostTime = mostSeconds is { } time ? TimeSpan.FromSeconds(time) : null,
                ShardIndex = index,
                ShardCount = count,
                Workers = parsed.GetValue(workers),
            };
            return Run(options, parsed.GetValue(output)!);
        });
        return command;
    }

    private static int Run(FuzzOptions options, string directory)
    {
        Directory.CreateDirectory(directory); // rather than find out at the end that a log can't be kept
        var fuzzer = new Fuzzer(options);
        using var interruption = new Interruption();
        FuzzReport? report;
        string? reason;
        using (new ProgressLine(() => Tell(fuzzer, options)))
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
        string state = fuzzer.IsShrinking ? "; found a divergence, making it small" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{fuzzer.Calls:n0}{of} calls, {fuzzer.Sequences:n0} sequences{state}");
    }

    private static void Require(bool isGiven, string option, FormattableString what)
    {
        if (!isGiven)
            throw new UsageException($"{option} takes {FormattableString.Invariant(what)}.");
    }
}
