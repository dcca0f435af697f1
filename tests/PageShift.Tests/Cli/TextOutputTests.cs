using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What people read.</summary>
public sealed class TextOutputTests
{
    private const int Widest = 100;

    [Theory]
    [InlineData("linus-2023", "linux-4.20", "PTEs only")]
    [InlineData("linus-2023", "linux-5.0", "no aligned 2 MiB in the range")]
    [InlineData("linus-2023", "linux-6.7", "start not expanded: its own new mapping")]
    [InlineData("linus-2023", "pageshift", "both ends expanded: 0x8000000, 4 MiB")]
    [InlineData("stack", "linux-5.11", "warns: an empty table is in the destination's slot")]
    [InlineData("stack", "linux-6.7", "start expanded: 0x1e00000, 4 MiB")]
    [InlineData("stack", "pageshift", "start expanded: 0x1e00000, 4 MiB")]
    [InlineData("one-level-up", "linux-5.0", "whole PMDs")]
    [InlineData("one-level-up", "linux-5.11", "no aligned 1 GiB in the range")]
    [InlineData("gigabyte-2", "pageshift", "whole PUDs")]
    [InlineData("neighbour", "linux-6.7", "start not expanded: mapping at 0x8000000")]
    [InlineData("neighbour", "pageshift", "start not expanded: entry at 0x8000000; end expanded")]
    [InlineData("gigabyte-not-congruent", "pageshift", "not congruent")]
    public void Each_row_says_why(string sample, string policy, string reason)
    {
        ToolResult result = Tool.Run("run", $"samples/{sample}.strace");

        string row = PolicyRows.Of(result.OutputLines, policy);
        Assert.EndsWith($"  {reason}", row);
    }

    [Theory]
    [InlineData("mremap(1*GB + 1*MB, 4*MB, 4*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 8*GB + 1*MB)", "linux-5.0", "whole PMDs, smaller at both ends")]
    [InlineData("mremap(1*GB + 1*MB, 4*MB, 4*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 8*GB + 1*MB)", "linux-6.7", "start expanded: 0x40000000, 5 MiB; the end is never expanded")]
    [InlineData("mremap(1*GB, 3*MB, 3*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 8*GB)", "linux-5.0", "whole PMDs, smaller at the end")]
    [InlineData("mremap(1*GB + 2*MB, 1*MB, 1*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 8*GB)", "linux-6.7", "no aligned 2 MiB in the range")]
    [InlineData("mremap(1*GB + 1*MB, 64*PAGE, 64*PAGE, MREMAP_MAYMOVE|MREMAP_FIXED, 8*GB + 1*MB)", "linux-6.7", "start not expanded: it ends before the next boundary")]
    public void The_reason_names_the_end_that_it_is_about(string call, string policy, string reason)
    {
        ToolResult result = Tool.RunWithInput($"{call} = 0x{(call.EndsWith("+ 1*MB)", StringComparison.Ordinal) ? "200100000" : "200000000")}\n", "run", "-");

        string row = PolicyRows.Of(result.OutputLines, policy);
        Assert.EndsWith($"  {reason}", row);
    }

    [Fact]
    public void A_neighbour_further_away_stops_the_expansion_one_level_lower()
    {
        ToolResult result = Tool.RunWithInput("""
            mmap(64*GB, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
            mmap(64*GB + 511*MB, 1*GB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
            mremap(64*GB + 511*MB, 1*GB, 1*GB, MREMAP_MAYMOVE|MREMAP_FIXED, 32*GB + 511*MB)

            """, "run", "-");

        string row = PolicyRows.Of(result.OutputLines, "pageshift");
        Assert.Contains("1 PUD, 257 PMD", row);
        Assert.EndsWith("  start expanded to a PMD only: entry at 0x1000000000; end expanded", row);
    }

    [Fact]
    public void Redirected_output_is_plain_and_no_wider_than_a_page()
    {
        foreach (string file in Directory.GetFiles(Repository.Path("samples"), "*.strace"))
        {
            ToolResult result = Tool.Run("run", Path.GetRelativePath(Repository.Root, file));

            Assert.DoesNotContain('\u001b', result.Output);
            Assert.All(result.OutputLines, line => Assert.InRange(line.Length, 1, Widest));
            Assert.All(result.Output, c => Assert.True(c is >= ' ' and <= '~' or '\n' or '…'));
        }
    }

    [Fact]
    public void A_terminal_gets_a_table_with_lines_and_colour()
    {
        string output = OnTerminal(110);

        Assert.Contains("─", output);
        Assert.Contains("\u001b[", output);
        Assert.Contains("both ends expanded: 0x8000000, 4 MiB", output);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(70)]
    public void A_narrow_terminal_gets_every_cell_whole(int columns)
    {
        string output = OnTerminal(columns);

        Assert.All((string[])["policy            entries moved  tables +/-  flushes  why", "linux-6.7         512 PTE               1/1        3  start not", "pageshift         2 PMD                 0/0        1  both ends"],
            row => Assert.Contains(row, output));
        Assert.DoesNotContain("─", output);
    }

    private static string OnTerminal(int columns)
    {
        string command = $"stty cols {columns}; dotnet '{Tool.Assembly}' run samples/linus-2023.strace";
        var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = Repository.Root,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        start.Environment.Remove("CI");
        using Process script = Process.Start(start)!;
        script.StandardInput.Close();
        string output = script.StandardOutput.ReadToEnd();
        script.WaitForExit();

        Assert.Equal(0, script.ExitCode);
        return output;
    }
}
