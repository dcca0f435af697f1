using System.CommandLine;
using System.Globalization;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Progress;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift check</c>: every case of some small worlds.</summary>
internal static class CheckCommand
{
    internal static Command Create()
    {
        Option<int> depth = Choice.Number("--depth", "How many pages the region of each world has.", CheckWorld.LeastDepth, CheckWorld.MostDepth, CheckOptions.DefaultDepth);
        Option<Shard?> shard = Shard.Option("Check only the I-th of N parts.");
        Option<int> workers = CommonOptions.Workers("How many populations are checked at the same time.");
        Option<string> format = CommonOptions.Format();
        Option<string> output = CommonOptions.Directory("The directory that gets the log of a counterexample.");
        var merge = new Option<string[]>("--merge") { Description = "Check nothing; add up the JSON of all shards.", HelpName = "FILES", AllowMultipleArgumentsPerToken = true };
        var command = new Command("check", "Try every move in some small worlds under every policy, and prove that no shorter sequence of moves exists.") { depth, shard, workers, format, output, merge };
        command.SetAction(parsed =>
        {
            bool isJson = parsed.GetValue(format) == "json";
            if (parsed.GetValue(merge) is { Length: > 0 } files)
                return Show(Merge(files), isJson, directory: null);
            Shard part = parsed.GetValue(shard) ?? Shard.Whole;
            var options = new CheckOptions { Depth = parsed.GetValue(depth), ShardIndex = part.Index, ShardCount = part.Count, Workers = parsed.GetValue(workers) };
            return Run(options, isJson, parsed.GetValue(output)!);
        });
        return command;
    }

    private static int Run(CheckOptions options, bool isJson, string directory)
    {
        OutputFile.CreateDirectory("-o", directory); // rather than find out at the end that a log can't be kept
        var checker = new Checker(options);
        using var interruption = new Interruption();
        CheckReport report;
        using (ProgressLine.Begin(() => string.Create(CultureInfo.InvariantCulture, $"{checker.Done:n0} of {checker.Total:n0} populations, {checker.Cases:n0} cases")))
            report = checker.Run(interruption.Token);
        int exitCode = Show(report, isJson, directory);
        return exitCode == ExitCode.Done && !report.IsComplete ? ExitCode.OfSignal(interruption.Signal) : exitCode;
    }

    private static CheckReport Merge(string[] files) =>
        CheckReport.Merge([.. files.Select(CheckJson.Read)], out string refusal) ?? throw new UsageException($"--merge: {refusal}.");

    private static int Show(CheckReport report, bool isJson, string? directory)
    {
        if (report.Counterexample is { } found && directory is not null)
            CheckText.Keep(found, report.Options, directory);
        if (isJson)
            CheckJson.Write(report);
        else
            CheckText.Write(report);
        return report.Counterexample is null ? ExitCode.Done : ExitCode.Divergence;
    }
}
