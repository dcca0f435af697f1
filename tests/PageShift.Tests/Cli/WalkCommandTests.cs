using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>walk</c> as a user runs it.</summary>
public sealed class WalkCommandTests
{
    [Theory]
    [InlineData("0x7f3a12345678")]
    [InlineData("128*MB + 1*MB")]
    [InlineData("0x12345 --geometry 3x4")]
    [InlineData("0x123456789a --arch arm64 --page-size 64K")]
    [InlineData("0x10ffffffffffff --geometry 5x512")]
    public void No_line_is_wider_than_100_columns_and_the_steps_are_those_of_the_json(string arguments)
    {
        string[] given = Split(arguments);
        ToolResult text = Tool.Run(["walk", .. given]);
        ToolResult json = Tool.Run(["walk", .. given, "--format", "json"]);

        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.All(text.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
        JsonElement[] steps = [.. JsonDocument.Parse(json.Output).RootElement.GetProperty("steps").EnumerateArray()];
        Assert.InRange(steps.Length, 2, 5);
        Assert.All(steps, step => Assert.Contains(
            text.OutputLines, line => line.TrimStart().StartsWith(step.GetProperty("level").GetString()!.ToUpperInvariant(), StringComparison.Ordinal) && line.EndsWith($"  {step.GetProperty("start").GetString()}", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_index_is_written_alike_in_the_table_and_in_the_sentence()
    {
        ToolResult result = Tool.Run("walk", "0x123456789a", "--arch", "arm64", "--page-size", "64K");

        Assert.Contains("  5,206  ", result.Output, StringComparison.Ordinal);
        Assert.Contains("entry 5,206 holds", string.Join(' ', result.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x800000000000", "ADDRESS: found 0x800000000000, expected an address of user space, which ends at 0x7ffffffff000")]
    [InlineData("0xc0000000 x", "ADDRESS: column 12: found 'x', expected an operator or the end")]
    [InlineData("64 --geometry 2x2 --arch arm64", "found --geometry and a machine, expected one or the other: --arch, --page-size and --address-bits say which tables there are")]
    public void What_is_no_address_there_is_refused_in_one_line(string arguments, string message)
    {
        ToolResult result = Tool.Run(["walk", .. Split(arguments)]);

        Assert.Equal((2, $"pageshift: {message}"), (result.ExitCode, result.ErrorLine));
    }

    [Fact]
    public void The_picture_shows_a_table_for_each_level_and_the_index_in_it()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("pageshift").FullName, "walk.svg");

        Assert.Equal(0, Tool.Run("walk", "0x8100123", "--svg", file).ExitCode);

        string[] texts = [.. XDocument.Load(file).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];
        Assert.All((string[])["P4D table", "PUD table", "PMD table", "PTE table", "[64]", "[256]", "+291"], text => Assert.Contains(text, texts));
        Assert.Equal(48, texts.Count(text => text is "0" or "1"));
    }

    // Options come behind the first " --".
    private static string[] Split(string arguments) =>
        arguments.IndexOf(" --", StringComparison.Ordinal) is var at && at < 0 ? [arguments] : [arguments[..at], .. arguments[(at + 1)..].Split(' ')];
}
