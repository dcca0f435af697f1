using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PageShift.Measurement;

namespace PageShift.Cli.Measuring;

/// <summary>Measures one row of the table of speeds in a process of its own: the runtime compiles hot methods for what it has seen them do, and the rows before would have shown it
/// something else.</summary>
internal static class RowProcess
{
    /// <summary>Starts the tool again for row <paramref name="index"/>, and reads what it found.</summary>
    /// <exception cref="NotPossibleException">It was not possible.</exception>
    internal static SpeedResult Measure(int index, double seconds)
    {
        string program = Environment.ProcessPath ?? throw new NotPossibleException("the tool does not know where it lies, and so can't start itself for each row");
        string[] arguments = ["bench", "--row", index.ToString(CultureInfo.InvariantCulture), "--seconds", seconds.ToString(CultureInfo.InvariantCulture), "--format", "json"];
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            arguments = [Environment.GetCommandLineArgs()[0], .. arguments]; // the tool's assembly
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.TryAdd("DOTNET_TieredPGO", "1"); // as programs have it that use the library; the tool's own runs are too short for it
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        string said = process.StandardError.ReadLine() ?? ""; // a line or two, for which the pipe has room meanwhile
        process.WaitForExit();
        if (process.ExitCode is not (ExitCode.Done or ExitCode.NotPossibleHere) || output.Length == 0)
        {
            const string Ours = "pageshift: ";
            throw new NotPossibleException(said.StartsWith(Ours, StringComparison.Ordinal)
                ? said[Ours.Length..]
                : $"the process that measured '{SpeedTable.All[index].Work}' ended with {process.ExitCode}");
        }

        using var json = JsonDocument.Parse(output);
        return Read(SpeedTable.All[index], json.RootElement.GetProperty("rows")[0]);
    }

    private static SpeedResult Read(SpeedRow row, JsonElement found) => new(row)
    {
        Ours = ReadQuantity(found, "ours"),
        Other = ReadQuantity(found, "other"),
        Ratio = found.TryGetProperty("ratio", out JsonElement ratio) ? ratio.GetDouble() : null,
        IsMet = found.TryGetProperty("met", out JsonElement isMet) ? isMet.GetBoolean() : null,
        NotPossibleReason = found.TryGetProperty("notPossible", out JsonElement reason) ? reason.GetString() : null,
    };

    private static Quantity? ReadQuantity(JsonElement found, string name) => found.TryGetProperty(name, out JsonElement quantity)
        ? new Quantity(quantity.GetProperty("value").GetDouble(), Enum.Parse<Unit>(quantity.GetProperty("unit").GetString()!, ignoreCase: true))
        : null;
}
