using System.Globalization;
using System.Text.Json;
using PageShift.Cli.Measuring;
using PageShift.Cli.Output;
using PageShift.Linux.Settings;
using PageShift.Linux.Timing;
using PageShift.Measurement;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The verb bench, but for its figures, which are the machine's.</summary>
public class BenchCommandTests
{
    private static string LastRow => (SpeedTable.All.Count - 1).ToString(CultureInfo.InvariantCulture);

    [Fact]
    public void Each_chosen_row_has_both_figures_and_their_ratio()
    {
        ToolResult result = Tool.Run("bench", "--only", "TLB hit", "--seconds", "0.05", "--format", "json");

        Assert.Equal(0, result.ExitCode);
        using var json = JsonDocument.Parse(result.Output);
        JsonElement row = Assert.Single(json.RootElement.GetProperty("rows").EnumerateArray());
        Assert.Equal("read 8 bytes, TLB hit", row.GetProperty("work").GetString());
        double ours = row.GetProperty("ours").GetProperty("value").GetDouble();
        double other = row.GetProperty("other").GetProperty("value").GetDouble();
        Assert.True(ours > 0 && other > 0);
        Assert.InRange(row.GetProperty("ratio").GetDouble(), (ours / other) - 0.01, (ours / other) + 0.01);
    }

    [Fact]
    public void The_table_tells_each_target_and_whether_it_is_met()
    {
        ToolResult result = Tool.Run("bench", "--only", "1 TiB", "--seconds", "0.05");

        if (MachineMemory.ReadAvailable().Value < EngineMemory.NeededBytes)
            Assert.Skip("There is too little memory for the page tables of 1 TiB, which take 2 GiB.");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches("memory for 1 TiB .*[0-9]+ MiB .* at most 1.5 times +yes", result.Output);
        Assert.Contains("1 of 1: memory for 1 TiB populated", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.8, null, true)]
    [InlineData(0.2, null, false)]
    [InlineData(1.8, "there is none here", false)]
    public void A_row_that_was_measured_beside_others_work_is_told_to_mean_little(double others, string? notPossible, bool isTold)
    {
        var row = new MeasuredRow(new SpeedResult(SpeedTable.All[0]) { NotPossibleReason = notPossible }, new OtherWork(others, 2));
        var quiet = new MeasuredRow(new SpeedResult(SpeedTable.All[1]), new OtherWork(0, 2));

        Assert.Equal(isTold ? "note: the machine was busy during 1 of 2 rows (other programs used 1.8 of 2 processors): the times mean little" : null, BenchText.Busy([row, quiet]));
    }

    [Theory]
    [InlineData("--only", "no such row", "--only: found 'no such row', which no row contains, expected a part of a row's name")]
    [InlineData("--row", "99", "--row takes a number from 0 to LAST.\n")]
    public void What_can_t_be_measured_is_said_in_one_line(string option, string value, string expected)
    {
        ToolResult result = Tool.Run("bench", option, value);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected.Replace("LAST", LastRow, StringComparison.Ordinal), result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("long")]
    public void A_time_that_is_none_is_refused_with_what_was_expected(string value)
    {
        ToolResult result = Tool.Run("bench", "--seconds", value);

        Assert.Equal((2, $"pageshift: --seconds: found '{value}', expected a number from 0.001 to 3600\n"), (result.ExitCode, result.Error));
    }
}
