using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The documents that the tool has with it.</summary>
public sealed partial class HelpTests
{
    [Fact]
    public void Every_document_is_a_topic()
    {
        IEnumerable<string> documents = Directory.GetFiles(Repository.Path("docs"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!);

        Assert.Equal(documents.Select(d => d == "README" ? "index" : d).Order(StringComparer.Ordinal), Topics());
    }

    [Fact]
    public void Every_topic_that_the_tool_itself_names_exists()
    {
        string[] topics = Topics();
        string[] named = [.. Directory.GetFiles(Repository.Path("src/PageShift.Cli/Commands"), "*.cs")
            .SelectMany(f => Named().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value)];

        Assert.NotEmpty(named);
        Assert.All(named, topic => Assert.Contains(topic, topics));
    }

    [Theory]
    [InlineData("run", "running log-format page")]
    [InlineData("explain", "explaining")]
    [InlineData("trace", "tracing page")]
    [InlineData("check", "checking")]
    [InlineData("fuzz", "fuzzing")]
    [InlineData("conform", "conformance")]
    [InlineData("bench", "speed")]
    [InlineData("walk", "tables")]
    [InlineData("tables", "tables")]
    public void Every_option_is_in_the_verbs_document(string verb, string documents)
    {
        string text = string.Concat(documents.Split(' ').Select(d => File.ReadAllText(Repository.Path($"docs/{d}.md"))));
        string[][] options = [.. Tool.Run(verb, "--help").OutputLines.Where(l => l.StartsWith("  -", StringComparison.Ordinal))
            .Select(l => Names().Match(l).Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)).Where(names => !names.Contains("--help"))];

        Assert.NotEmpty(options);
        Assert.All(options, names => Assert.Contains(names, name => text.Contains($"`{name}", StringComparison.Ordinal) || text.Contains($" {name} ", StringComparison.Ordinal)));
    }

    private static string[] Topics()
    {
        return [.. Tool.Run("help").OutputLines.Where(l => l.StartsWith("  ", StringComparison.Ordinal))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex("^  (-[a-z?-]+,? )+")]
    private static partial Regex Names();

    [GeneratedRegex("pageshift help ([a-z][a-z-]*)")]
    private static partial Regex Named();
}
