using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using PageShift.Abi;
using PageShift.Linux;
using PageShift.Linux.Execution;
using PageShift.Tests.Linux;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>tables</c> as a user runs it, on a process whose mappings are known.</summary>
public sealed class TablesCommandTests
{
    private const ulong Start = (1UL << 40) + (5UL << 20); // 1 MiB past a boundary
    private const ulong Length = 4UL << 20;

    [Fact]
    public void A_mapping_that_is_made_there_is_shown_with_its_blocks()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        Map(executor, Start, Length);
        Map(executor, Start + Length, 4096, Protection.Read); // it does not merge
        executor.Fill(new VirtualAddress(Start), 1, new ByteLength(Length));

        JsonElement tables = Json(executor.ProcessId);

        JsonElement mapping = tables.GetProperty("mappings").EnumerateArray().Single(m => m.GetProperty("start").GetString() == Hexadecimal(Start));
        Assert.Equal((Length, 1UL, "alone", "emptyNeighbours"), (mapping.GetProperty("occupied").GetUInt64(), mapping.GetProperty("wholeBlocks").GetUInt64(), mapping.GetProperty("first").GetString(), mapping.GetProperty("last").GetString()));
        JsonElement[] runs = [.. tables.GetProperty("levels")[0].GetProperty("runs").EnumerateArray()];
        Assert.Equal("alone", KindAt(runs, Start - (1UL << 20)));
        Assert.Equal("inside", KindAt(runs, Start + (1UL << 20)));
        Assert.Equal("emptyNeighbours", KindAt(runs, Start + (3UL << 20)));
    }

    [Fact]
    public void A_page_in_the_neighbour_makes_the_block_a_shared_one()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        Map(executor, Start, Length);
        Map(executor, Start + Length, 4096, Protection.Read);
        executor.Fill(new VirtualAddress(Start), 1, new ByteLength(Length));
        executor.Read(new VirtualAddress(Start + Length), new byte[1]);

        Assert.Equal("shared", KindAt([.. Json(executor.ProcessId).GetProperty("levels")[0].GetProperty("runs").EnumerateArray()], Start + (3UL << 20)));
    }

    [Fact]
    public void The_text_is_at_most_100_columns_wide_and_the_picture_has_a_cell_for_each_run()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        Map(executor, Start, Length);
        executor.Fill(new VirtualAddress(Start), 1, new ByteLength(Length));
        string file = Path.Combine(Directory.CreateTempSubdirectory("pageshift").FullName, "tables.svg");

        ToolResult result = Tool.Run("tables", executor.ProcessId.ToString(CultureInfo.InvariantCulture), "--svg", file, "--top", "1000");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.All(result.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
        Assert.Contains(result.OutputLines, line => line.TrimStart().StartsWith(Hexadecimal(Start), StringComparison.Ordinal));
        string[] titles = [.. XDocument.Load(file).Descendants().Where(e => e.Name.LocalName == "title").Select(e => e.Value)];
        Assert.Contains($"{Hexadecimal(Start - (1UL << 20))}, 1 block: the pages of one mapping, and no other reaches into the block", titles);
    }

    [Fact]
    public void A_number_that_is_no_process_is_refused()
    {
        if (PlatformSupport.MissingReason is { } missing)
            Assert.Skip(missing);
        ToolResult none = Tool.Run("tables", "2147483647");

        Assert.Equal((2, "pageshift: PID: found 2147483647, which is no process here, expected one that runs"), (none.ExitCode, none.ErrorLine));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("1.5")]
    public void What_is_no_number_of_a_process_is_refused_in_one_line(string process)
    {
        ToolResult result = Tool.Run("tables", process);

        Assert.Equal((2, $"pageshift: PID: found '{process}', expected a whole number from 1 to 2147483647"), (result.ExitCode, result.ErrorLine));
    }

    [Fact]
    public void A_name_that_is_not_meant_to_be_printed_does_not_reach_the_terminal()
    {
        if (PlatformSupport.MissingReason is { } missing)
            Assert.Skip(missing);
        string script = Path.Combine(Directory.CreateTempSubdirectory("pageshift").FullName, "a\u001b[31mb");
        File.WriteAllText(script, "#!/bin/sh\nread line\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using Process process = Process.Start(new ProcessStartInfo(script) { RedirectStandardInput = true })!;

        ToolResult result = Tool.Run("tables", process.Id.ToString(CultureInfo.InvariantCulture));
        process.StandardInput.Close();
        process.WaitForExit();

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("a\\x1b[31mb (", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    private static JsonElement Json(int process)
    {
        ToolResult result = Tool.Run("tables", process.ToString(CultureInfo.InvariantCulture), "--format", "json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static string? KindAt(JsonElement[] runs, ulong block) => runs.SingleOrDefault(run =>
        Convert.ToUInt64(run.GetProperty("start").GetString(), 16) is var start && block >= start && block < start + (run.GetProperty("count").GetUInt64() << 21)) is { ValueKind: JsonValueKind.Object } run
        ? run.GetProperty("kind").GetString()
        : null;

    private static string Hexadecimal(ulong address) => string.Create(CultureInfo.InvariantCulture, $"0x{address:x}");

    private static void Map(KernelExecutor executor, ulong start, ulong length, Protection protection = Protection.Read | Protection.Write) => Assert.False(executor.Invoke(
        SystemCallNumber.Map, new CallArguments(start, length, (ulong)protection, (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed), ulong.MaxValue)).Result.IsError);
}
