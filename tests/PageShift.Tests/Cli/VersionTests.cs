using PageShift.Cli.Commands;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>--version</c> names the commit.</summary>
public sealed class VersionTests
{
    [Theory]
    [InlineData("0.1.0+82f1d6b58f6b798a80e7d64598c15f4bb1df944f", "pageshift 0.1.0 (commit 82f1d6b58f6b)")]
    [InlineData("0.1.0+82f1d6b58f6b798a80e7d64598c15f4bb1df944f.changed", "pageshift 0.1.0 (commit 82f1d6b58f6b, with changes)")]
    [InlineData("1.2.3-beta.1+abc", "pageshift 1.2.3-beta.1 (commit abc)")]
    [InlineData("0.1.0", "pageshift 0.1.0 (commit unknown: built without a git repository)")]
    public void What_the_build_wrote_is_told_in_words(string informational, string text)
    {
        Assert.Equal(text, ToolVersion.Describe(informational));
    }

    [Fact]
    public void The_tool_knows_its_commit_where_it_was_built_in_a_repository()
    {
        ToolResult result = Tool.Run("--version");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        bool hasRepository = Path.Exists(Repository.Path(".git"));
        Assert.Matches(hasRepository ? @"^pageshift \d+\.\d+\.\d+ \(commit [0-9a-f]{12}(, with changes)?\)\n$" : @"^pageshift \d+\.\d+\.\d+ \(commit unknown", result.Output);
    }
}
