using System.CommandLine;
using PageShift.Calls.Execution;

namespace PageShift.Cli.Commands;

/// <summary>Options that several verbs have, with the same meaning.</summary>
internal static class CommonOptions
{
    private const int DefaultTop = 10;

    /// <summary>--format.</summary>
    internal static Option<string> Format() => Choice.One("--format", "text for people, json for programs.", "text", "json");

    /// <summary>--html.</summary>
    internal static Option<string?> Html() => new("--html") { Description = "Also write a page for the browser to this file, with all that it needs.", HelpName = "FILE" };

    /// <summary>--top.</summary>
    internal static Option<int> Top() => Choice.Count("--top", "How many moves the text shows, the largest first.", DefaultTop);

    /// <summary>--populate; see <see cref="PopulateOf"/>.</summary>
    internal static Option<string> Populate() => Choice.One(
        "--populate",
        "Which pages count as present: all of private writable mappings (an upper bound), those that memset lines wrote, or none.",
        "all",
        "written",
        "none");

    /// <summary>What --populate was given.</summary>
    internal static PopulateAssumption PopulateOf(string word) => Enum.Parse<PopulateAssumption>(word, ignoreCase: true);
}
