using System.CommandLine;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Html;
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
        Description = "The program and its arguments, behind '--'.",
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

    internal static Command Create()
    {
        var command = new Command(Name, "Follow a live program: its moves, measured, and what they would cost under every policy. Exits as the program does.")
        {
            Command, Format, Report, Html, Log, Top,
        };
        command.SetAction(Run);
        return command;
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
        using PageFile? page = PageFile.Open(html, endsOnSignals: false);
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
