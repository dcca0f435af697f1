using System.CommandLine;

namespace PageShift.Cli.Commands;

/// <summary>Options that several verbs have, with the same meaning.</summary>
internal static class CommonOptions
{
    private const int DefaultTop = 10;
    private const int MostWorkers = 256;

    /// <summary>--format.</summary>
    internal static Option<string> Format() => Choice.One("--format", "text for people, json for programs.", "text", "json");

    /// <summary>--html.</summary>
    internal static Option<string?> Html() => new("--html") { Description = "Also write a self-contained page for the browser to this file.", HelpName = "FILE" };

    /// <summary>--svg.</summary>
    internal static Option<string?> Svg() => new("--svg") { Description = "Also write a picture to this file.", HelpName = "FILE" };

    /// <summary>--top.</summary>
    internal static Option<int> Top(string first = "largest") => Choice.Number("--top", $"How many moves the text shows, the {first} first.", 0, int.MaxValue, DefaultTop);

    /// <summary>--workers.</summary>
    internal static Option<int> Workers(string description) => Choice.Number("--workers", description, 1, MostWorkers, Math.Min(Environment.ProcessorCount, MostWorkers));

    /// <summary>-o, a directory.</summary>
    internal static Option<string> Directory(string description) => new("-o", "--output") { Description = description, HelpName = "DIRECTORY", DefaultValueFactory = _ => "." };
}
