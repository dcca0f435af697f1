using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>The small programs of <c>tests/programs/transparency</c>, compiled once. Each is a case that ends with 0 where Linux does what it should.</summary>
internal static partial class SmallPrograms
{
    /// <summary>A case's exit code where the machine lacks what it needs.</summary>
    internal const int Skipped = 77;

    private static readonly string Sources = Repository.Path("tests/programs/transparency");

    private static readonly Lazy<CProgram> Compiled = new(static () => CProgram.OfFiles(Directory.GetFiles(Sources, "*.c")));

    /// <summary>The program that has all cases: its argument names one.</summary>
    internal static string Path => Compiled.Value.Path;

    /// <summary>The names of the cases of a source.</summary>
    internal static TheoryData<string> CasesOf(string source)
    {
        string text = File.ReadAllText(System.IO.Path.Combine(Sources, source));
        IEnumerable<string> named = Case().Matches(text).Select(match => match.Groups[1].Value).Where(name => !name.Contains('#', StringComparison.Ordinal) && name != "name");
        // The cases that a macro of the source makes of each of its operations.
        string[] templates = [.. Template().Matches(text).Select(match => match.Groups[1].Value)];
        IEnumerable<string> made = Use().Matches(text).SelectMany(match => templates.Select(template => template.Replace("##op", match.Groups[1].Value, StringComparison.Ordinal).Replace("kind##", match.Groups[1].Value, StringComparison.Ordinal)));
        return [.. named, .. made];
    }

    [GeneratedRegex(@"^CASE\((\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Case();

    [GeneratedRegex(@"^ +CASE\((\w*##\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Template();

    [GeneratedRegex(@"^(?:BOTH|EACH)\((\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Use();
}
