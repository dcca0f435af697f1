using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The design's two tables, exactly, from the samples by <c>run --format json</c>; and the other samples.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData("stack", "0x1fff000", "0x1dff000", 0x201000, "0x1e00000", 0x400000, "2 PMD")]
    [InlineData("linus-2023", "0x8100000", "0x7f00000", 0x200000, "0x8000000", 0x400000, "2 PMD")]
    [InlineData("one-level-up", "0x1020000000", "0xfe0000000", 0x40000000, "0x1000000000", 0x80000000, "2 PUD")]
    [InlineData("gigabyte-2", "0x2040000000", "0x1fc0000000", 0x80000000, "0x2040000000", 0x80000000, "2 PUD")]
    public void PageShift_expands_and_moves_what_the_design_says(
        string sample, string old, string @new, long length, string expandedOld, long expandedLength, string entries)
    {
        JsonElement move = TheMoveOf(sample);

        JsonElement policy = MoveJson.Policy(move, "pageshift");
        Assert.Equal((old, @new, length), (move.GetProperty("old").GetString(), move.GetProperty("new").GetString(), move.GetProperty("length").GetInt64()));
        Assert.Equal((expandedOld, expandedLength), (policy.GetProperty("expandedOld").GetString(), policy.GetProperty("expandedLength").GetInt64()));
        Assert.Equal(entries, MoveJson.Entries(move, "pageshift"));
    }

    [Theory]
    [InlineData("stack", "513 PTE", "513 PTE, warned", "513 PTE, warned", "2 PMD", "2 PMD")]
    [InlineData("linus-2023", "512 PTE", "512 PTE", "512 PTE", "512 PTE", "2 PMD")]
    [InlineData("one-level-up", "262144 PTE", "512 PMD", "512 PMD", "512 PMD", "2 PUD")]
    [InlineData("gigabyte-2", "524288 PTE", "1024 PMD", "2 PUD", "2 PUD", "2 PUD")]
    [InlineData("neighbour", "512 PTE", "512 PTE", "512 PTE", "512 PTE", "1 PMD, 256 PTE")]
    [InlineData("gigabyte-not-congruent", "262144 PTE", "262144 PTE", "262144 PTE", "262144 PTE", "262144 PTE")]
    public void Each_generation_moves_what_the_design_says(
        string sample, string linux420, string linux50, string linux511, string linux67, string pageShift)
    {
        JsonElement move = TheMoveOf(sample);

        Assert.Equal(
            [("linux-4.20", linux420), ("linux-5.0", linux50), ("linux-5.11", linux511), ("linux-6.7", linux67), ("pageshift", pageShift)],
            move.GetProperty("policies").EnumerateArray()
                .Select(p => p.GetProperty("policy").GetString()!)
                .Select(name => (name, MoveJson.Entries(move, name))));
    }

    [Fact]
    public void The_designs_example_of_the_json_holds()
    {
        JsonElement run = Tool.RunFileToJson("samples/linus-2023.strace");

        Assert.Equal((1, 3, 0), (run.GetProperty("schema").GetInt32(), run.GetProperty("calls").GetInt32(), run.GetProperty("divergences").GetArrayLength()));
        JsonElement cost = MoveJson.Policy(run.GetProperty("moves")[0], "linux-6.7");
        string[] fields = ["p4d", "pud", "pmd", "pte", "slotsVisited", "tablesAllocated", "tablesFreed", "tlbFlushes"];
        Assert.Equal([0, 0, 0, 512, 512, 1, 1, 3], fields.Select(f => cost.GetProperty(f).GetInt32()));
        Assert.False(cost.GetProperty("warned").GetBoolean());
    }

    [Fact]
    public void The_neighbour_forbids_the_start_and_not_the_end()
    {
        JsonElement[] boundaries = [.. MoveJson.Policy(TheMoveOf("neighbour"), "pageshift").GetProperty("boundaries").EnumerateArray()];

        Assert.Equal(
            [("start", "entryInSource"), ("end", "expanded")],
            boundaries.Select(b => (b.GetProperty("end").GetString(), b.GetProperty("outcome").GetString())));
        Assert.Equal("0x8000000", boundaries[0].GetProperty("obstacle").GetString());
    }

    [Fact]
    public void The_recorded_program_moves_each_time_that_the_kernel_moved_its_memory()
    {
        string log = File.ReadAllText(Repository.Path("samples/realloc.strace"));
        int moved = log.Split('\n').Count(line => line.Contains("mremap(", StringComparison.Ordinal) && !StaysInPlace(line));

        JsonElement run = Tool.RunFileToJson("samples/realloc.strace");

        Assert.True(moved >= 5);
        Assert.Equal(moved, run.GetProperty("moves").GetArrayLength());
        Assert.All(run.GetProperty("moves").EnumerateArray(), move => Assert.Equal(
            (ulong)move.GetProperty("length").GetInt64() / 4096,
            MoveJson.Policy(move, "linux-6.7").GetProperty("pte").GetUInt64()));
    }

    [Theory]
    [InlineData("stack")]
    [InlineData("linus-2023")]
    [InlineData("one-level-up")]
    [InlineData("gigabyte-2")]
    [InlineData("neighbour")]
    [InlineData("gigabyte-not-congruent")]
    [InlineData("realloc")]
    public void Every_result_in_a_sample_is_what_the_engine_returns(string sample)
    {
        ToolResult result = Tool.Run("run", $"samples/{sample}.strace", "--verify", "--top", "0");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("verified: every result is as the log says", result.OutputLines[^1]);
    }

    [Fact]
    public void Every_sample_is_tested_and_described()
    {
        string[] samples = [.. Directory.GetFiles(Repository.Path("samples"), "*.strace").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];
        string description = File.ReadAllText(Repository.Path("samples/README.md"));

        Assert.Equal(["gigabyte-2", "gigabyte-not-congruent", "linus-2023", "neighbour", "one-level-up", "realloc", "stack"], samples);
        Assert.All(samples, sample => Assert.Contains($"{sample}.strace", description));
    }

    private static JsonElement TheMoveOf(string sample) => Tool.RunFileToJson($"samples/{sample}.strace").GetProperty("moves").EnumerateArray().Single();

    private static bool StaysInPlace(string line)
    {
        string from = line[(line.IndexOf("mremap(", StringComparison.Ordinal) + "mremap(".Length)..line.IndexOf(',', StringComparison.Ordinal)];
        return line.EndsWith($"= {from}", StringComparison.Ordinal);
    }
}
