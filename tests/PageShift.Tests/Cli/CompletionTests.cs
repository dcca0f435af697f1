using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What the shells are told can stand at the end of a command line.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("pageshift ru", "run")]
    [InlineData("/opt/bin/pageshift run x --populate w", "written")]
    [InlineData("pageshift run x --populate=w", "--populate=written")]
    [InlineData("pageshift run x --populate=", "--populate=all --populate=none --populate=written")]
    [InlineData("pageshift run x --lenient=", "")]
    [InlineData("pageshift run x --nowhere=a", "")]
    [InlineData("pageshift explain --old=1", "")]
    [InlineData("pageshift explain --old=1 --ne", "--new")]
    [InlineData("pageshift run x --populate:w", "")]
    [InlineData("pageshift walk -?=3", "")]
    [InlineData("pageshift run --lenient F", "")]
    [InlineData("pageshift run --lenient --strict --populate w", "written")]
    [InlineData("pageshift run \"a b\" --populate w", "written")]
    [InlineData("pageshift trace --top=5 --fo", "--for --format")]
    [InlineData("pageshift trace -- ls --fo", "")]
    [InlineData("pageshift trace ls --fo", "")]
    [InlineData("pageshift trace -p 5 ls --fo", "")]
    [InlineData("pageshift", "")]
    [InlineData("", "--help --version -? -h bench check completion conform explain fuzz help run tables trace walk")]
    public void The_last_word_is_completed(string line, string offers)
    {
        ToolResult result = Tool.Run("complete", "--", line);

        Assert.Equal((0, offers, ""), (result.ExitCode, string.Join(' ', result.OutputLines), result.Error));
    }

    [Theory]
    [InlineData("pageshift run x --populate w --on both", 28, "written")]
    [InlineData("pageshift run x --populate=w", 28, "written")] // bash completes what is behind the '='
    [InlineData("pageshift run \U0001F600\U0001F600 --populate w", 29, "written")] // bash counts characters
    public void Bash_completes_the_word_at_the_cursor(string line, int position, string offers)
    {
        const string Script = """
            tool=("$1" "$2")
            pageshift() { "${tool[@]}" "$@"; }
            eval "$(pageshift completion bash)"
            COMP_LINE=$3 COMP_POINT=$4
            _pageshift
            echo "${COMPREPLY[*]}"
            """;

        ToolResult result = Tool.RunUnder(["LC_ALL=C.UTF-8", "bash", "-c", Script, "bash"], line, $"{position}");

        Assert.Equal((0, offers, ""), (result.ExitCode, result.Output.Trim(), result.Error));
    }
}
