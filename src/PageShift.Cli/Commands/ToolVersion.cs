using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace PageShift.Cli.Commands;

/// <summary><c>--version</c>: the version, and the commit from which the tool was built.</summary>
internal static class ToolVersion
{
    private const int ShownDigits = 12;

    // What the build appends to the commit when tracked files differed from it.
    private const string ChangedMark = ".changed";

    internal static VersionOption CreateOption() => new() { Description = "Show the version, and the commit it was built from.", Action = new Show() };

    /// <summary>The version in words.</summary>
    /// <param name="informational">The version as the build writes it: "0.1.0", or "0.1.0+" and a commit.</param>
    internal static string Describe(string informational)
    {
        int plus = informational.IndexOf('+', StringComparison.Ordinal);
        if (plus < 0)
            return $"pageshift {informational} (commit unknown: built without a git repository)";
        string commit = informational[(plus + 1)..];
        bool isChanged = commit.EndsWith(ChangedMark, StringComparison.Ordinal);
        string digits = isChanged ? commit[..^ChangedMark.Length] : commit;
        return $"pageshift {informational[..plus]} (commit {digits[..Math.Min(ShownDigits, digits.Length)]}{(isChanged ? ", with changes" : "")})";
    }

    private sealed class Show : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            Console.WriteLine(Describe(typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion));
            return ExitCode.Done;
        }
    }
}
