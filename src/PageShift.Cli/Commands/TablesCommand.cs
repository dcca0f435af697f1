using System.CommandLine;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Output.Svg;
using PageShift.Cli.Walking;
using PageShift.Linux;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift tables</c>: a live process's mappings against the boundaries of its page tables.</summary>
internal static class TablesCommand
{
    private static readonly Argument<int> Process = Choice.NumberArgument(ProcessTables.Argument, "The process, by its number. It goes on running.", 1, int.MaxValue);

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly Option<string?> Svg = CommonOptions.Svg();

    private static readonly Option<int> Top = Choice.Number("--top", "How many mappings the text shows, those with the most pages.", 0, int.MaxValue, 10);

    internal static Command Create()
    {
        var command = new Command("tables", "Show a live process's mappings by level: which blocks could move whole, which are shared by neighbours, which are huge pages.") { Process, Format, Svg, Top };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        if (PlatformSupport.MissingReason is { } missing)
            throw new NotPossibleException(missing);
        int id = parsed.GetValue(Process);
        ProcessTables tables = ProcessTables.Read(id);
        PageFile.Write(Svg.Name, parsed.GetValue(Svg), stream => TablesSvg.Write(stream, tables));
        if (parsed.GetValue(Format) == "json")
            TablesJson.Write(tables);
        else
            TablesText.Write(tables, parsed.GetValue(Top));
        return ExitCode.Done;
    }
}
