using System.CommandLine;
using PageShift.Calls.Execution;
using PageShift.Cli.Output;
using PageShift.Cli.Running;
using PageShift.Moving;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift run FILE</c>: runs a log, and shows what its moves cost.</summary>
internal static class RunCommand
{
    internal static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A log in strace's format; - for standard input." };
        var format = new Option<string>("--format") { Description = "text for people, json for programs.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var policy = new Option<string[]>("--policy")
        {
            Description = "Show only this policy (may be given several times); the first given makes the moves.",
            AllowMultipleArgumentsPerToken = false,
        };
        policy.AcceptOnlyFromAmong([.. MovePolicyName.All.Select(MovePolicyName.Of)]);
        var populate = new Option<string>("--populate")
        {
            Description = "Which pages are taken to be present: all of every private writable mapping (an upper bound), those that the log's memset lines wrote, or none.",
            DefaultValueFactory = _ => "all",
        };
        populate.AcceptOnlyFromAmong("all", "written", "none");
        var verify = new Option<bool>("--verify") { Description = "Compare every result with what stands behind '='; exit 1 when one differs." };
        var lenient = new Option<bool>("--lenient") { Description = "Count lines that can't be read as warnings, instead of stopping at the first." };
        var top = new Option<int>("--top") { Description = "How many moves the text shows, the largest first.", DefaultValueFactory = _ => 10 };
        top.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0)
                result.AddError("--top takes a number of moves, 0 or more.");
        });
        var command = new Command("run", "Run a log of system calls: the cost of every move under every policy.")
        {
            file, format, policy, populate, verify, lenient, top,
        };
        command.SetAction(parsed =>
        {
            string[] names = parsed.GetValue(policy) ?? [];
            var settings = new RunSettings
            {
                File = parsed.GetValue(file)!,
                Policies = names.Length == 0 ? MovePolicyName.All : [.. names.Distinct().Select(Parse)],
                Executing = names.Length == 0 ? MovePolicy.PageShift : Parse(names[0]),
                Populate = Enum.Parse<PopulateAssumption>(parsed.GetValue(populate)!, ignoreCase: true),
                Verify = parsed.GetValue(verify),
                Lenient = parsed.GetValue(lenient),
            };
            RunReport report = LogRun.Execute(settings);
            if (parsed.GetValue(format) == "json")
                RunJson.Write(report, Console.OpenStandardOutput());
            else
                RunText.Write(report, parsed.GetValue(top));
            return report.DivergenceCount == 0 ? ExitCode.Done : ExitCode.Divergence;
        });
        return command;
    }

    private static MovePolicy Parse(string name) => MovePolicyName.TryParse(name, out MovePolicy policy)
        ? policy
        : throw new UsageException($"'{name}' is not a policy.");
}
