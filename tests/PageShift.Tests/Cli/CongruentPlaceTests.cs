using System.Globalization;
using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What a log's moves would be at congruent places, as <c>run</c> tells it.</summary>
public sealed class CongruentPlaceTests
{
    // Whole, cut at both ends, beside a neighbour, longer than a PUD's span, growing, and where the source stays.
    [Theory]
    [InlineData("0x40000000", 0x400000, 0x40000000, 0x400000, 0x400000, "")]
    [InlineData("0x40000000", 0x900000, 0x40101000, 0x500000, 0x500000, "")]
    [InlineData("0x40000000", 0x500000, 0x40180000, 0x380000, 0x380000, "")]
    [InlineData("0x1000000000", 0x40400000, 0x1000000000, 0x40400000, 0x40400000, "")]
    [InlineData("0x40000000", 0x400000, 0x40000000, 0x400000, 0xa00000, "")]
    [InlineData("0x40000000", 0x400000, 0x40000000, 0x400000, 0x400000, "|MREMAP_DONTUNMAP")]
    public void A_move_to_the_place_that_is_named_costs_what_was_said(string mapped, long mappedLength, long old, long length, long newLength, string flags)
    {
        string map = string.Create(CultureInfo.InvariantCulture, $"mmap({mapped}, {mappedLength}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = {mapped}\n");
        string MoveTo(string place) => string.Create(CultureInfo.InvariantCulture, $"{map}mremap(0x{old:x}, {length}, {newLength}, MREMAP_MAYMOVE|MREMAP_FIXED{flags}, {place}) = {place}\n");
        JsonElement made = Assert.Single(Tool.RunToJson(MoveTo("0x7f0000001000")).GetProperty("moves").EnumerateArray());
        JsonElement placed = made.GetProperty("congruentPlacement");

        JsonElement there = Assert.Single(Tool.RunToJson(MoveTo(placed.GetProperty("new").GetString()!)).GetProperty("moves").EnumerateArray());

        Assert.Equal(there.GetProperty("congruent").GetString(), placed.GetProperty("congruent").GetString());
        foreach (string policy in (string[])["linux-6.7", "pageshift"])
        {
            Assert.Equal(MoveJson.Entries(there, policy), MoveJson.Entries(placed, policy));
            foreach (string figure in (string[])["slotsVisited", "tablesAllocated", "tablesFreed", "tlbFlushes", "expandedOld", "reason"])
                Assert.Equal($"{MoveJson.Policy(there, policy).GetProperty(figure)}", $"{MoveJson.Policy(placed, policy).GetProperty(figure)}");
        }

        Assert.False(there.TryGetProperty("congruentPlacement", out _), "nothing is better than a congruent place");
    }

    [Fact]
    public void The_text_has_rows_for_it_and_the_headline()
    {
        ToolResult result = Tool.Run("run", "samples/gigabyte-not-congruent.strace");

        Assert.Matches(@"\n  linux-6\.7, congruent +1 PUD +1/1 +2  at 0x[0-9a-f]+\n", result.Output);
        Assert.Contains("At congruent places linux-6.7 would move 1 PUD instead of 262,144 PTE: 262,144 to 1.", result.Words);
    }

    [Theory]
    [InlineData("samples/linus-2023.strace")] // congruent already
    [InlineData("samples/gigabyte-not-congruent.strace", "--policy", "pageshift")] // nothing to compare
    public void Nothing_is_said_where_there_is_nothing_to_say(string log, params string[] options)
    {
        ToolResult result = Tool.Run(["run", log, .. options]);

        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotMatch("(linux-6.7|pageshift), congruent ", result.Output);
        Assert.DoesNotContain("At congruent places", result.Output);
    }
}
