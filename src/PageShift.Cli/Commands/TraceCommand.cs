using System.CommandLine;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Html;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Tracing;
using PageShift.Linux;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift trace -- COMMAND</c>: follows a live program, and shows what its moves cost.</summary>
internal static class TraceCommand
{
    /// <summary>The verb's name. Ctrl-C is the traced program's while it runs.</summary>
    internal const string Name = "trace";

    private static readonly Argument<string[]> Command = new("COMMAND")
    {
        Description = "The program and its arguments. Options of the tool stand before it.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly Option<string?> Report = new("--report") { Description = "Write the report to this file, instead of standard error.", HelpName = "FILE" };

    private static readonly Option<string?> Log = new("-o", "--output")
    {
        Description = "Also write the calls to this file, as a log that 'pageshift run' replays with the same moves.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Html = CommonOptions.Html();

    private static readonly Option<int> Top = CommonOptions.Top();

    private static readonly Option[] Options = [Format, Report, Html, Log, Top];

    internal static Command Create()
    {
        var command = new Command(Name, "Run a program and follow it: what its moves cost, measured, and what they would cost under each policy. Exits as the program does.") { Command };
        foreach (Option option in Options)
            command.Add(option);
        command.SetAction(Run);
        return command;
    }

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
                i++; // its value
            else if (!word.Contains('=', StringComparison.Ordinal))
                break; // '--' itself, or what is no option of this verb
        }

        return arguments;
    }

    private static int Run(ParseResult parsed)
    {
        if (PlatformSupport.MissingReason is { } reason)
            throw new NotPossibleException(reason);
        var settings = new TraceSettings
        {
            Command = parsed.GetValue(Command)!,
            ReportFile = parsed.GetValue(Report),
            LogFile = parsed.GetValue(Log),
            IsJson = parsed.GetValue(Format) == "json",
            Top = parsed.GetValue(Top),
        };

        string? html = parsed.GetValue(Html);
        OutputFile.RefuseSame(Log.Name, settings.LogFile, settings.ReportFile, "the report");
        OutputFile.RefuseSame(Html.Name, html, settings.ReportFile, "the report");
        OutputFile.RefuseSame(Html.Name, html, settings.LogFile, "the log");
        // The files are made before the program starts: it should not run for nothing.
        using Stream report = settings.ReportFile is { } file ? OutputFile.Create("--report", file) : Console.OpenStandardError();
        using PageFile? page = PageFile.Open(Html.Name, html, endsOnSignals: false);
        using TemporaryLog? unnamed = page is not null && settings.LogFile is null ? new TemporaryLog() : null;
        string? path = settings.LogFile ?? unnamed?.Name;
        using StreamWriter? log = path is null ? null : new StreamWriter(OutputFile.Create("-o", path), bufferSize: 1 << 16);
        ITraceOutput shown = settings.IsJson ? new TraceJson(report) : new TraceText(report, settings);
        using ITraceOutput output = page is null ? shown : new TraceOutputs(shown, new TraceHtml(page.Stream, path!));
        int status = TraceRun.Execute(settings, output, log);
        page?.Complete();
        return status;
    }

    /// <summary>The log of a trace whose page needs one that the user did not ask for.</summary>
    private sealed class TemporaryLog : IDisposable
    {
        internal string Name { get; } = Path.GetTempFileName();

        public void Dispose() => File.Delete(Name);
    }
}
