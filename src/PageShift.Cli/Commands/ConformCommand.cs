using System.CommandLine;
using PageShift.Cli.Conforming;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Json;
using PageShift.Verification.Conformance;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift conform</c>: the cases that Linux proves, for everyone who writes these calls again.</summary>
internal static class ConformCommand
{
    private const string Engine = "engine";
    private const string Linux = "linux";
    private const int UsualSeconds = 20;

    internal static Command Create()
    {
        var export = new Option<string?>("--export") { Description = "Write the suite as one file of C and a Makefile to this directory, and run nothing.", HelpName = "DIRECTORY" };
        var on = new Option<string>("--on")
        {
            Description = "Where the cases run: on the engine, on linux (the running kernel), or behind a command, such as 'qemu-x86_64-static'.",
            HelpName = "WHERE",
            DefaultValueFactory = _ => Engine,
        };
        on.CompletionSources.Add(Engine, Linux);
        var kernel = new Option<string?>("--kernel") { Description = "Leave out what Linux has only since a later release than this, such as 6.1. Not for the engine.", HelpName = "RELEASE" };
        Option<string?> level = Choice.OptionalOne("--level", "Only the test points of this level.", [.. EngineConformance.Each((CaseLevels)~0).Select(ConformText.NameOf)]);
        var only = new Option<string?>("--only") { Description = "Only the cases whose name contains this word.", HelpName = "WORD" };
        Option<int> seconds = Choice.Number("--seconds", "The time limit of one case. Not for the engine.", 1, 86_400, UsualSeconds);
        Option<string> format = Choice.One("--format", "text for people, tap (TAP 14) for CI, json for programs.", "text", "tap", "json");
        var command = new Command("conform", "Run the cases that are proved on Linux: on the engine, on a kernel or behind an emulator. Or export them as a program in C.") { export, on, kernel, level, only, seconds, format };
        command.SetAction(parsed =>
        {
            ConformanceCase[] cases = Chosen(parsed.GetValue(only));
            if (parsed.GetValue(export) is { } directory)
                return Export(directory, cases);
            string where = parsed.GetValue(on)!;
            string? release = parsed.GetValue(kernel);
            if (release is not null && (where == Engine || !Version.TryParse(release, out _)))
                throw new UsageException(where == Engine ? $"--kernel: found '{release}' with --on engine, which is Linux 6.18, expected another --on" : $"--kernel: found '{release}', expected a release such as 6.1");
            IReadOnlyList<ConformanceResult> results = Run(where, cases, release is null ? [] : ["--kernel", release], parsed.GetValue(seconds));
            if (parsed.GetValue(level) is { } wanted)
                results = [.. results.Where(result => ConformText.NameOf(result.Level) == wanted)];
            return Show(where, results, cases, parsed.GetValue(format)!);
        });
        return command;
    }

    private static ConformanceCase[] Chosen(string? word)
    {
        ConformanceCase[] cases = [.. ConformanceSuite.Cases.Where(one => word is null || one.Name.Contains(word, StringComparison.Ordinal))];
        return cases.Length == 0 ? throw new UsageException($"--only: found '{word}', which is in no case's name ('pageshift help linux-coverage' names them)") : cases;
    }

    private static int Export(string directory, ConformanceCase[] cases)
    {
        string[] files = ExportedFiles.Write("--export", directory, cases);
        Console.WriteLine($"{string.Join(", ", files)}: {cases.Length} cases. Build and run: make -C {ForShell(directory)} check");
        return ExitCode.Done;
    }

    /// <summary>A name as one word of a shell's command line.</summary>
    private static string ForShell(string name) =>
        name.All(c => char.IsLetterOrDigit(c) || "/._-".Contains(c, StringComparison.Ordinal)) ? name : $"'{name.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static IReadOnlyList<ConformanceResult> Run(string where, ConformanceCase[] cases, string[] options, int seconds) => where switch
    {
        Engine => [.. cases.SelectMany(EngineConformance.Run)],
        Linux => ProgramRun.Run([], cases, options, seconds),
        _ => ProgramRun.Run(where.Split(' ', StringSplitOptions.RemoveEmptyEntries), cases, options, seconds),
    };

    private static int Show(string where, IReadOnlyList<ConformanceResult> results, ConformanceCase[] cases, string format)
    {
        Dictionary<string, ExportedCase> byName = cases.ToDictionary(one => one.Name, one => new ExportedCase(one));
        if (format == "json")
            ConformJson.Write(where, SuiteVersion.Text, results, byName);
        else if (format == "tap")
            ConformText.WriteTap(results, byName);
        else
            ConformText.Write(where, results, byName);
        if (results.All(result => result.Outcome == ConformanceOutcome.NotApplicable))
            throw new NotPossibleException($"--on: no case could be run on '{where}'");
        return results.Any(result => result.Outcome == ConformanceOutcome.Failed) ? ExitCode.Divergence : ExitCode.Done;
    }
}
