using System.CommandLine;
using PageShift.Calls.Execution;
using PageShift.Cli.Output;
using PageShift.Cli.Running;
using PageShift.Moving;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift run FILE</c>: runs a log, and shows what its moves cost.</summary>
internal static class RunCommand
{
    private const int DefaultTop = 10;

    private static readonly Argument<string> File = new("FILE") { Description = "A log in strace's format; - for standard input." };

    private static readonly Option<string> Format = Choice.One("--format", "text for people, json for programs.", "text", "json");

    private static readonly Option<MovePolicy[]> Policy = Choice.Several(
        "--policy",
        "Show this policy only; may be given several times, and the first makes the moves. Without it all are shown, and pageshift makes the moves.",
        MovePolicyName.All,
        MovePolicyName.Of);

    private static readonly Option<string> Populate = Choice.One(
        "--populate",
        "Which pages count as present: all of private writable mappings (an upper bound), those that memset lines wrote, or none.",
        "all",
        "written",
        "none");

    private static readonly Option<bool> Verify = new("--verify") { Description = "Compare every result with what stands behind '='; exit 1 when one differs." };

    private static readonly Option<bool> Lenient = new("--lenient") { Description = "Count lines that can't be read as warnings, instead of stopping at the first." };

    private static readonly Option<int> Top = Choice.Count("--top", "How many moves the text shows, the largest first.", DefaultTop);

    internal static Command Create()
    {
        var command = new Command("run", "Run a log of system calls: what every move costs under every policy, and why.")
        {
            File, Format, Policy, Populate, Verify, Lenient, Top,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        MovePolicy[] policies = parsed.GetValue(Policy)!;
        var settings = new RunSettings
        {
            File = parsed.GetValue(File)!,
            Policies = policies.Length == 0 ? MovePolicyName.All : [.. policies.Distinct()],
            Executing = policies.Length == 0 ? MovePolicy.PageShift : policies[0],
            Populate = Enum.Parse<PopulateAssumption>(parsed.GetValue(Populate)!, ignoreCase: true),
            Verify = parsed.GetValue(Verify),
            Lenient = parsed.GetValue(Lenient),
        };
        using IRunOutput output = parsed.GetValue(Format) == "json" ? new RunJson() : new RunText(parsed.GetValue(Top));
        RunReport report = LogRun.Execute(settings, output);
        return report.DivergenceCount == 0 ? ExitCode.Done : ExitCode.Divergence;
    }
}
