using System.CommandLine;
using PageShift.Cli.Output;
using PageShift.Measurement;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift bench</c>: the table of speeds, measured on this machine.</summary>
internal static class BenchCommand
{
    private static readonly Option<string> Format = Choice.One("--format", "text for people, json for programs.", "text", "json");

    private static readonly Option<string?> Only = new("--only") { Description = "Measure only the rows whose work or yardstick contains this text." };

    private static readonly Option<double> Seconds = new("--seconds") { Description = "About how long each row takes.", DefaultValueFactory = _ => 2 };

    internal static Command Create()
    {
        var command = new Command("bench", "Time the engine beside its yardsticks on this machine, the running kernel among them; both sides in one run.") { Format, Only, Seconds };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        double seconds = parsed.GetValue(Seconds);
        if (seconds is not (> 0 and < 3600))
            throw new UsageException("--seconds takes a number above 0 and below 3600.");
        string only = parsed.GetValue(Only) ?? "";
        SpeedRow[] rows = [.. SpeedTable.All.Where(m => Contains(m.Work, only) || Contains(m.Against, only))];
        if (rows.Length == 0)
            throw new UsageException($"--only takes a part of a row's name; no row contains '{only}'.");

        var results = new List<SpeedResult>();
        for (int i = 0; i < rows.Length; i++)
        {
            Console.Error.WriteLine($"pageshift: {i + 1} of {rows.Length}: {rows[i].Work}, against {rows[i].Against}");
            results.Add(rows[i].Measure(TimeSpan.FromSeconds(seconds)));
        }

        if (parsed.GetValue(Format) == "json")
            BenchJson.Write(results);
        else
            BenchText.Write(results);
        return results.TrueForAll(r => r.NotPossibleReason is not null) ? ExitCode.NotPossibleHere : ExitCode.Done;
    }

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
