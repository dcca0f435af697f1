using System.CommandLine;
using PageShift.Cli.Measuring;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Json;
using PageShift.Linux.Timing;
using PageShift.Measurement;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift bench</c>: the table of speeds, measured on this machine.</summary>
internal static class BenchCommand
{
    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly Option<string?> Only = new("--only") { Description = "Measure only the rows whose work or yardstick contains this text.", HelpName = "TEXT" };

    private static readonly Option<double> Seconds = Choice.Number("--seconds", "About how long each row takes.", 0.001, 3600, 4.0);

    // What the tool starts itself with, for one row.
    private static readonly Option<int?> Row = new("--row") { Hidden = true };

    internal static Command Create()
    {
        var command = new Command("bench", "Time the engine on this machine against its yardsticks, the running kernel among them.") { Format, Only, Seconds, Row };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        double seconds = parsed.GetValue(Seconds);
        if (parsed.GetValue(Row) is { } index && (index < 0 || index >= SpeedTable.All.Count))
            throw new UsageException($"--row takes a number from 0 to {SpeedTable.All.Count - 1}.");
        List<MeasuredRow> rows = parsed.GetValue(Row) is { } row
            ? [new MeasuredRow(SpeedTable.All[row].Measure(TimeSpan.FromSeconds(seconds)), null)]
            : MeasureAll(parsed.GetValue(Only) ?? "", seconds);
        if (parsed.GetValue(Format) == "json")
            BenchJson.Write(rows);
        else
            BenchText.Write(rows);
        if (!rows.TrueForAll(r => r.Result.NotPossibleReason is not null))
            return ExitCode.Done;
        throw new NotPossibleException(rows.Count == 1 ? rows[0].Result.NotPossibleReason! : $"none of {rows.Count} rows can be measured here; the table says why");
    }

    private static List<MeasuredRow> MeasureAll(string only, double seconds)
    {
        int[] rows = [.. Enumerable.Range(0, SpeedTable.All.Count).Where(i => Contains(SpeedTable.All[i].Work, only) || Contains(SpeedTable.All[i].Against, only))];
        if (rows.Length == 0)
            throw new UsageException($"--only: found '{only}', which no row contains, expected a part of a row's name");
        var measured = new List<MeasuredRow>();
        foreach (int row in rows)
        {
            Console.Error.WriteLine($"pageshift: {measured.Count + 1} of {rows.Length}: {SpeedTable.All[row].Work}, against {SpeedTable.All[row].Against}");
            var load = MachineLoad.Begin();
            SpeedResult result = RowProcess.Measure(row, seconds);
            measured.Add(new MeasuredRow(result, load?.End()));
        }

        return measured;
    }

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
