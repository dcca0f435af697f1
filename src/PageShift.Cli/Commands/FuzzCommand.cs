using System.CommandLine;
using System.Runtime.InteropServices;
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
        using var stop = new CancellationTokenSource();
        int stoppedBy = 0;
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        FuzzReport? report;
        string? reason;
        using (var progress = new FuzzProgress(fuzzer, options))
            report = fuzzer.Run(out reason, stop.Token);
        if (report is null)
        {
            Console.Error.WriteLine($"pageshift: {reason}");
            return ExitCode.NotPossibleHere;
        }

        FuzzText.Write(report, options, directory, isCut: stoppedBy != 0);
        if (report.Finding is not null || report.Unexplained.Count != 0)
            return ExitCode.Divergence;
        return stoppedBy == 0 ? ExitCode.Done : ExitCode.OfSignal(stoppedBy);

        void Stop(PosixSignalContext context)
        {
            const int Interrupt = 2, Terminate = 15;
            context.Cancel = true;
            stoppedBy = context.Signal == PosixSignal.SIGINT ? Interrupt : Terminate;
            stop.Cancel();
        }
    }

    private static void Require(bool isGiven, string option, FormattableString what)
    {
        if (!isGiven)
            throw new UsageException($"{option} takes {FormattableString.Invariant(what)}.");
    }
}
