using System.CommandLine;
using PageShift.Cli.Output;
using PageShift.Cli.Tracing;
using PageShift.Linux;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift trace -- COMMAND</c>: follows a live program, and shows what its moves cost.</summary>
internal static class TraceCommand
{
    /// <summary>The verb's name. Ctrl-C is the traced program's while it runs.</summary>
    internal const string Name = "trace";

    private const int DefaultTop = 10;

    private static readonly Argument<string[]> Command = new("COMMAND")
    {
        Description = "The program and its arguments, behind '--'.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Format = Choice.One("--format", "text for people, json for programs.", "text", "json");

    private static readonly Option<string?> Report = new("--report") { Description = "Write the report to this file, instead of standard error.", HelpName = "FILE" };

    private static readonly Option<string?> Log = new("-o", "--output")
    {
        Description = "Also write the calls to this file, as a log that 'pageshift run' replays with the same moves.",
        HelpName = "FILE",
    };

    private static readonly Option<int> Top = Choice.Count("--top", "How many moves the text shows, the largest first.", DefaultTop);

    internal static Command Create()
    {
        var command = new Command(Name, "Follow a live program: its moves, measured, and what they would cost under every policy. Exits as the program does.")
        {
            Command, Format, Report, Log, Top,
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

        // Both files are made before the program starts: it should not run for nothing.
        using Stream report = settings.ReportFile is { } file ? Create("--report", file) : Console.OpenStandardError();
        using StreamWriter? log = settings.LogFile is { } path ? new StreamWriter(Create("-o", path), bufferSize: 1 << 16) : null;
        using ITraceOutput output = settings.IsJson ? new TraceJson(report) : new TraceText(report, settings);
        return TraceRun.Execute(settings, output, log);
    }

    private static FileStream Create(string option, string file)
    {
        if (file.Length == 0 || file.Contains('\0'))
            throw new UsageException($"{option}: found a name that no file can have, expected a file's name");
        try
        {
            return new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option}: {file} can't be written: {error.Message}");
        }
    }
}
