using System.CommandLine;
using System.CommandLine.Parsing;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Html;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Tracing;
using PageShift.Linux;
using PageShift.Verification.Kernels;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift trace -- COMMAND</c>: follows a live program, and shows what its moves cost.</summary>
internal static class TraceCommand
{
    /// <summary>The verb's name. Ctrl-C is the traced program's while it runs.</summary>
    internal const string Name = "trace";

    private static readonly Argument<string[]> Command = new("COMMAND")
    {
        Description = "The program and its arguments. Options of the tool come before it.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<int?> Process = Choice.OptionalNumber("-p", "Follow this running process instead. Meanwhile it stops at every system call; afterwards it runs on.", 1, int.MaxValue);

    private static readonly Option<TimeSpan?> For = Choice.OptionalTime("--for", "With -p: leave the process after this time, such as 30s; Ctrl-C leaves it too.");

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly Option<string?> Report = new("--report") { Description = "Write the report to this file, instead of standard error.", HelpName = "FILE" };

    private static readonly Option<string?> Log = new("-o", "--output")
    {
        Description = "Also write the calls to this file, as a log that 'pageshift run' replays with the same moves.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Html = CommonOptions.Html();

    private static readonly Option<int> Top = CommonOptions.Top("costliest");

    private static readonly Option<string> By = Choice.One("--by", "Show the moves one by one, or added up by the stacks from which they were made.", "move", "site");

    private static readonly Option<bool> Details = new("--details") { Description = "Show each move with the table of all policies." };

    private static readonly Option<string> Place = Choice.One("--place", "Where moves go that leave their destination to the kernel: where Linux puts them, or to a congruent place, to measure what that would save.", "linux", "congruent");

    private static readonly Option<bool> Compare = new("--compare") { Description = "Run the program twice, as it is and with congruent places, and show the two side by side." };

    private static readonly Option<bool> Count = new("--count") { Description = "Read the kernel's counters around each move, and show them beside the prediction. Needs root or CAP_PERFMON." };

    private static readonly Option[] Options = [Process, For, Format, Report, Html, Log, Top, By, Details, Place, Count, Compare];
    private static readonly Option[] WithoutValue = [Details, Count, Compare];

    internal static Command Create()
    {
        var command = new Command(Name, "Run a program, or follow a running process: what its moves cost, measured, and under each policy. Exits as the program does.") { Command };
        foreach (Option option in Options)
            command.Add(option);
        Process.HelpName = "PID";
        command.Validators.Add(CheckSubject);
        command.SetAction(Run);
        return command;
    }

    /// <summary>One of two is traced: a program, or a process.</summary>
    private static void CheckSubject(CommandResult result)
    {
        bool isCommand = result.GetResult(Command) is { Tokens.Count: > 0 };
        bool isProcess = result.GetResult(Process) is not null;
        if (!isCommand && !isProcess)
            result.AddError($"found neither COMMAND nor -p PID (see 'pageshift {Name} --help')");
        else if (isCommand && isProcess)
            result.AddError("-p: found a COMMAND too, expected one of the two");
        else if (isCommand && result.GetResult(For) is not null)
            result.AddError("--for: found no -p, expected one: a program that the tool has started is followed to its end");
        else if (isProcess && (result.GetValue(Compare) || result.GetResult(Place) is { Implicit: false }))
            result.AddError("-p: found --place or --compare too, expected a COMMAND with them: they change the places of a program's moves from its beginning");
        else if (result.GetValue(Compare) && Array.Find(NotCompared, o => result.GetResult(o) is { Implicit: false }) is { } other)
            result.AddError($"{other.Name}: found --compare too, which shows no single moves");
    }

    private static readonly Option[] NotCompared = [Log, Top, By, Details, Place];

    /// <summary>Puts '--' before the program: what stands behind it is the program's. Otherwise 'trace gcc -o a.out a.c' would write the tool's log to a.out.</summary>
    /// <param name="arguments">A command line, of this verb or another.</param>
    internal static string[] SetProgramApart(string[] arguments)
    {
        if (arguments is not [Name, ..])
            return arguments;
        for (int i = 1; i < arguments.Length; i++)
        {
            string word = arguments[i];
            if (!word.StartsWith('-'))
                return [.. arguments[..i], "--", .. arguments[i..]];
            if (Array.Exists(Options, o => o.Name == word || o.Aliases.Contains(word)))
                i += Array.Exists(WithoutValue, o => o.Name == word) ? 0 : 1; // its value
            else if (!word.Contains('=', StringComparison.Ordinal))
                break; // '--' itself, or what is no option of this verb
        }

        return arguments;
    }

    private static int Run(ParseResult parsed)
    {
        if (PlatformSupport.MissingReason is { } reason)
            throw new NotPossibleException(reason);
        string? whyNoKernel = null;
        bool isCounted = parsed.GetValue(Count) || parsed.GetValue(Compare);
        var settings = new TraceSettings
        {
            Kernel = isCounted ? RunningKernel.TryProbe(out whyNoKernel) : null,
            WhyNoKernel = whyNoKernel,
            Command = parsed.GetValue(Command)!,
            Process = parsed.GetValue(Process),
            For = parsed.GetValue(For),
            ReportFile = parsed.GetValue(Report),
            LogFile = parsed.GetValue(Log),
            IsJson = parsed.GetValue(Format) == "json",
            Top = parsed.GetValue(Top),
            IsBySite = parsed.GetValue(By) == "site",
            IsWhole = parsed.GetValue(Details),
            PlacesCongruent = parsed.GetValue(Place) == "congruent",
        };
        string? html = parsed.GetValue(Html);
        OutputFile.RefuseSame(Log.Name, settings.LogFile, settings.ReportFile, "the report");
        OutputFile.RefuseSame(Html.Name, html, settings.ReportFile, "the report");
        OutputFile.RefuseSame(Html.Name, html, settings.LogFile, "the log");
        // The files are made before the program starts: it should not run for nothing.
        using Stream report = OpenReport(settings);
        using PageFile? page = PageFile.Open(Html.Name, html, endsOnSignals: false);
        int status = parsed.GetValue(Compare) ? RunTwice(settings, report, page) : RunOnce(settings, report, page);
        page?.Complete();
        return status;
    }

    private static int RunOnce(TraceSettings settings, Stream report, PageFile? page)
    {
        using TemporaryLog? unnamed = page is not null && settings.LogFile is null ? new TemporaryLog() : null;
        string? path = settings.LogFile ?? unnamed?.Name;
        using StreamWriter? log = OpenLog(path);
        ITraceOutput shown = settings.IsJson ? new TraceJson(report) : new TraceText(report, settings);
        using ITraceOutput output = page is null ? shown : new TraceOutputs(shown, new TraceHtml(page.Stream, path!));
        return TraceRun.Execute(settings, output, log);
    }

    private static int RunTwice(TraceSettings settings, Stream report, PageFile? page)
    {
        using TemporaryLog? unnamed = page is null ? null : new TemporaryLog();
        using StreamWriter? log = OpenLog(unnamed?.Name);
        using TraceHtml? html = page is null ? null : new TraceHtml(page.Stream, unnamed!.Name);
        var comparison = TraceComparison.Run(settings, html, log);
        html?.Write(comparison);
        if (settings.IsJson)
            TraceComparisonJson.Write(comparison, report);
        else
            TraceComparisonText.Write(comparison, report);
        return comparison.AsItIs.Result!.Status.ShellStatus;
    }

    private static StreamWriter? OpenLog(string? path) => path is null ? null : new StreamWriter(OutputFile.Create("-o", path), bufferSize: 1 << 16);

    private static Stream OpenReport(TraceSettings settings) => settings.ReportFile is { } file ? OutputFile.Create("--report", file) : Console.OpenStandardError();

    /// <summary>The log of a trace whose page needs one that the user did not ask for.</summary>
    private sealed class TemporaryLog : IDisposable
    {
        internal string Name { get; } = Path.GetTempFileName();

        public void Dispose() => File.Delete(Name);
    }
}
