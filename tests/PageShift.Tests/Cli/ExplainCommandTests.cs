using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>explain</c>: what it takes, what it draws, and how it answers what it can't explain.</summary>
public sealed partial class ExplainCommandTests
{
    private const int Widest = 100;

    private static readonly string[] Email = Explained.Options("128*MB + 1*MB", "128*MB - 1*MB", "2*MB");

    private static readonly string[][] Arguments =
    [
        ["samples/linus-2023.strace:5"],
        ["samples/stack.strace:6", "--policy", "linux-5.11"],
        ["samples/one-level-up.strace:5"],
        ["samples/gigabyte-2.strace:5", "--policy", "linux-4.20", "--policy", "pageshift"],
        ["samples/gigabyte-not-congruent.strace:5"],
        ["samples/neighbour.strace:7"],
        ["samples/realloc.strace:80"],
        ["samples/realloc.strace:45", "--populate", "none"],
        Explained.Options("0x7fff30001000", "0x7ffe30001000", "3*GB - 5*PAGE"),
        Explained.Options("1*GB", "513*GB", "5*GB + 3*MB", "mmap(10*GB, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"),
        [.. Explained.Options("1*GB + 1*MB", "9*GB + 1*MB", "9*MB", "mmap(1*GB, 12*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)", "present(1*GB, 12*MB, 2*MB)"), "--populate", "none"],
        Explained.Options("65*MB", "63*MB", "1044*KB", "mmap(65568*KB, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"),
        [.. Explained.Options("64*GB + 511*MB", "32*GB + 511*MB", "1*GB", "mmap(64*GB, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"), "--policy", "pageshift"],
    ];

    public static TheoryData<string[]> Moves => new(Arguments);

    [Theory]
    [MemberData(nameof(Moves))]
    public void No_line_is_wider_than_100_columns_and_a_terminal_shows_the_same_text(string[] arguments)
    {
        string plain = Explained.Text(arguments);

        Assert.DoesNotContain('\u001b', plain);
        Assert.All(plain.Split('\n'), line => Assert.InRange(line.Length, 0, Widest));
        string shown = OnTerminal(arguments, noColour: false);
        Assert.Contains("\u001b[", shown);
        Assert.Equal(plain, Plain(shown));
        Assert.Equal(plain, Plain(OnTerminal(arguments, noColour: true)));
    }

    [Fact]
    public void Options_and_a_log_explain_the_same_move_alike()
    {
        string[] byLog = Explained.Text("samples/linus-2023.strace:5").Split('\n');
        string[] byOptions = Explained.Text(Email).Split('\n');

        Assert.Equal("samples/linus-2023.strace:5: " + byOptions[0], byLog[0]);
        Assert.Equal(byOptions[1..], byLog[1..]);
    }

    [Fact]
    public void Overlapping_places_and_the_option_both_mean_the_stack_move()
    {
        Assert.Equal("relocate_vma_down", Explained.Move(Explained.Options("0x1fff000", "0x1dff000", "0x201000")).GetProperty("call").GetString());
        string[] apart = Explained.Options("0x8100000", "0x4100000", "2*MB");
        Assert.Equal("mremap", Explained.Move(apart).GetProperty("call").GetString());
        Assert.Equal("relocate_vma_down", Explained.Move([.. apart, "--stack"]).GetProperty("call").GetString());
    }

    [Fact]
    public void The_first_policy_makes_the_move_and_its_tables_are_drawn()
    {
        JsonElement move = Explained.Move("samples/linus-2023.strace:5", "--policy", "linux-6.7", "--policy", "pageshift");

        Assert.Equal("linux-6.7", move.GetProperty("executed").GetString());
        Assert.Equal(["pte"], move.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("level").GetString()));
    }

    [Fact]
    public void What_is_drawn_after_the_move_is_what_the_move_left_and_not_what_a_log_touches_next()
    {
        // The move grows the mapping; its new part is populated only afterwards.
        using var log = new TemporaryFile("""
            mmap(1*GB, 2*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
            mremap(1*GB, 2*MB, 4*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 3*GB)

            """);
        JsonElement move = Explained.Move($"{log.Name}:2");

        Assert.Equal(512UL, LivePages(move.GetProperty("before")));
        Assert.Equal(512UL, LivePages(move.GetProperty("after")));
    }

    [Theory]
    [MemberData(nameof(Moves))]
    public void Every_mark_stands_on_as_many_slots_before_as_after(string[] arguments)
    {
        JsonElement move = Explained.Move(arguments);
        var before = new SortedDictionary<string, ulong>();
        var after = new SortedDictionary<string, ulong>();
        CountMarks(move.GetProperty("before"), before);
        CountMarks(move.GetProperty("after"), after);

        // Pages that are cut out of a large one have no slots of their own before.
        Assert.All(before, mark => Assert.Equal(mark.Value, after[mark.Key]));
        Assert.Equal(
            move.GetProperty("steps").EnumerateArray().Aggregate(0UL, (sum, s) => sum + s.GetProperty("entries").GetUInt64()),
            after.Values.Aggregate(0UL, (sum, n) => sum + n));
        Assert.Equal(LivePages(move.GetProperty("before")), LivePages(move.GetProperty("after")));
    }

    [Fact]
    public void A_call_that_moves_several_mappings_has_each_explained()
    {
        JsonElement moves = Explained.Json(Explained.Options(
            "1*GB", "3*GB", "4*MB", "mmap(1*GB, 1*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)",
            "mmap(1*GB + 2*MB, 2*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)")).GetProperty("moves");

        Assert.Equal(["0x40000000", "0x40200000"], moves.EnumerateArray().Select(m => m.GetProperty("old").GetString()));
        Assert.Equal(["0xc0000000", "0xc0200000"], moves.EnumerateArray().Select(m => m.GetProperty("steps")[0].GetProperty("destination").GetString()));
    }

    [Theory]
    [InlineData("samples/stack.strace:5", "samples/stack.strace:5: found memset, expected a call that moves a mapping, such as the one on line 6")]
    [InlineData("samples/stack.strace:2", "samples/stack.strace:2: found no call, expected a call that moves a mapping, such as the one on line 6")]
    [InlineData("samples/stack.strace:77", "samples/stack.strace:77: found no call, expected a call that moves a mapping, mremap or relocate_vma_down")]
    [InlineData("samples/realloc.strace:44", "samples/realloc.strace:44: found mremap that moves nothing, expected a call that moves a mapping, such as the one on line 45")]
    [InlineData("samples/stack.strace", "found 'samples/stack.strace', expected FILE:LINE, such as samples/stack.strace:6")]
    [InlineData("samples/stack.strace:0", "found 'samples/stack.strace:0', expected FILE:LINE, such as samples/stack.strace:6")]
    [InlineData("samples/none.strace:1", "samples/none.strace: found no such file")]
    [InlineData("samples/stack.strace:6 --old 1*GB", "found samples/stack.strace:6 and --old, expected one or the other")]
    [InlineData("", "found no --old, expected FILE:LINE, or --old, --new and --length")]
    [InlineData("--old 1*GB --new 2*GB", "found no --length, expected FILE:LINE, or --old, --new and --length")]
    [InlineData("--old 1*GB+1 --new 2*GB --length 4096", "--old: found 0x40000001, expected a multiple of 4096")]
    [InlineData("--old 1*GX --new 2*GB --length 4096", "--old: column 3: found 'GX', expected a number")]
    [InlineData("--old 1*GB --new 1*GB --length 4096", "--new: found 0x40000000, where the mapping is already, expected another place")]
    [InlineData("--old 1*GB --new 2*GB --length 0", "--length: found 0, expected 1 to 140737488351232")]
    [InlineData("--old 1*GB --new 128*TB --length 4096", "--new: found 0x800000000000, expected a range that ends at or below 0x7ffffffff000")]
    [InlineData("--old 1*GB --new 1*GB+4*KB --length 8*KB", "--new: found 0x40001000, above 0x40000000 and overlapping, expected a place below: only execve's move of the stack may overlap, and it goes down")]
    public void What_can_not_be_explained_is_answered_in_one_line(string arguments, string error)
    {
        ToolResult result = Tool.Run(["explain", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal($"pageshift: {error}", result.ErrorLine);
    }

    [Theory]
    [InlineData("munmap(q)", "--with:1:8: found 'q', expected an address")]
    [InlineData("munmap(1, 4096)", "pageshift: --with: munmap gives EINVAL, expected success")]
    [InlineData("mnumap(4096, 4096)", "--with:1:1: found 'mnumap', expected a system call, such as munmap(0x1000, 4096)")]
    [InlineData("io_setup(1, NULL)", "pageshift: --with: found io_setup, whose effect is not modelled, expected a call such as mmap(…) or munmap(…)")]
    [InlineData(" ", "pageshift: --with: found nothing, expected a call such as mmap(…) or munmap(…)")]
    public void A_call_before_that_can_not_be_made_is_answered_in_one_line(string call, string error)
    {
        ToolResult result = Tool.Run(["explain", .. Email, "--with", call]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal(error, result.ErrorLine);
    }

    [Fact]
    public void A_move_that_Linux_refuses_is_answered_with_its_error()
    {
        ToolResult result = Tool.Run(["explain", .. Explained.Options("1*GB", "2*GB", "2*MB", "mmap(1*GB + 1*MB, 1*MB, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)")]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal("pageshift: mremap from 0x40000000 to 0x80000000 gives EFAULT; nothing is mapped at 0x40000000, expected a move that Linux makes", result.ErrorLine);
    }

    [Fact]
    public void A_log_that_says_which_pages_are_present_is_believed()
    {
        using var log = new TemporaryFile("""
            absent()
            mmap(1*GB, 2*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
            present(1*GB, 8*KB)
            mremap(1*GB, 2*MB, 2*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 3*GB)

            """);

        string text = Explained.Text($"{log.Name}:4", "--policy", "linux-4.20");

        Assert.Contains("  linux-4.20  2 PTE", text);
        Assert.EndsWith("\n(present: the pages that the log names)\n", text);
    }

    [Fact]
    public void A_range_that_is_too_large_to_be_populated_is_said_to_be_untouched()
    {
        string text = Explained.Text(Explained.Options("1*TB", "3*TB", "1*TB"));

        Assert.Contains("No page is present", text);
        Assert.EndsWith("\n(assumed present: every private writable page; 1 range of more than 64 GiB assumed untouched)\n", text);
    }

    [Theory]
    [InlineData("4KB")]
    [InlineData("4K")]
    [InlineData("4KiB")]
    [InlineData("4k")]
    [InlineData("4*KB")]
    [InlineData("PAGE")]
    [InlineData("0x1000")]
    public void A_number_of_bytes_may_have_a_unit(string length)
    {
        Assert.StartsWith("mremap moves 4 KiB from 0x40000000 to 0xa0000000\n", Explained.Text("--old", "1G", "--new", "2560MiB", "--length", length));
    }

    [Fact]
    public void Lines_that_can_not_be_read_are_warnings_when_that_is_asked_for()
    {
        using var log = new TemporaryFile("""
            munmap(no call)
            program output
            mmap(1*GB, 2*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
            mremap(1*GB, 2*MB, 2*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 3*GB)

            """);

        Assert.StartsWith($"{log.Name}:1:8: found 'no', expected ", Tool.Run("explain", $"{log.Name}:4").ErrorLine);
        string[] text = Explained.Text($"{log.Name}:4", "--lenient").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["note: 1 line passed over that is no call (line 2)", "note: 1 line skipped as unreadable"], text[^3..^1]);
        Assert.StartsWith($"warning: {log.Name}:1:8: found 'no', expected ", text[^1]);
        JsonElement json = Explained.Json([$"{log.Name}:4", "--lenient"]);
        Assert.Equal((1, 1), (json.GetProperty("warnings").GetInt32(), json.GetProperty("noiseLines").GetInt32()));
    }

    [Fact]
    public void A_move_is_explained_in_the_page_tables_that_are_asked_for()
    {
        string[] arguments = ["--old", "0x13000", "--new", "0x23000", "--length", "8K", "--geometry", "3x4"];

        string text = Explained.Text(arguments);

        Assert.Contains("4 of them fill a table", text);
        Assert.Contains("Modulo 64 KiB (PUD): old is 0x3000 past a boundary, new is too: congruent.", text);
        Assert.Contains("PUD table (root), 1 of 4", text);
        JsonElement move = Explained.Move(arguments);
        Assert.Equal("pud", move.GetProperty("before").GetProperty("level").GetString());
        Assert.Equal(1, MoveJson.Policy(move, "pageshift").GetProperty("pud").GetInt32());
        ToolResult beyond = Tool.Run(["explain", "--old", "0x13000", "--new", "0x40000", "--length", "8K", "--geometry", "3x4"]);
        Assert.Equal("pageshift: --new: found 0x40000, expected a range that ends at or below 0x40000", beyond.ErrorLine);
    }

    [Fact]
    public void Every_option_by_which_run_reads_a_log_is_one_of_explain_too()
    {
        string[] options = ["--policy", "--populate", "--geometry", "--lenient"];

        Assert.All([Tool.Run("run", "--help").Output, Tool.Run("explain", "--help").Output], help => Assert.All(options, option => Assert.Contains($"  {option}", help)));
    }

    [Fact]
    public void A_log_may_come_from_standard_input()
    {
        ToolResult result = Tool.RunWithInput(File.ReadAllText(Repository.Path("samples/stack.strace")), "explain", "/dev/stdin:6");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("/dev/stdin:6: relocate_vma_down moves 2,052 KiB", result.Output);
    }

    private static string OnTerminal(string[] arguments, bool noColour)
    {
        string quoted = string.Join(' ', arguments.Select(a => $"'{a}'"));
        var start = new ProcessStartInfo("script", ["-qec", $"stty cols {Widest}; dotnet '{Tool.Assembly}' explain {quoted}", "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = Repository.Root,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("CI");
        start.Environment.Remove("NO_COLOR");
        if (noColour)
            start.Environment["NO_COLOR"] = "1";
        using Process script = Process.Start(start)!;
        script.StandardInput.Close();
        string output = script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        Assert.Equal(0, script.ExitCode);
        return output;
    }

    /// <summary>What is left on the screen: without the terminal's controls, and without the end of input that script shows.</summary>
    private static string Plain(string shown) =>
        string.Join('\n', Control().Replace(shown.Replace("^D\b\b", "", StringComparison.Ordinal), "").Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n').Select(line => line.TrimEnd()));

    private static void CountMarks(JsonElement table, SortedDictionary<string, ulong> marks)
    {
        foreach (JsonElement slots in table.GetProperty("occupied").EnumerateArray())
        {
            if (slots.TryGetProperty("mark", out JsonElement mark))
                marks[mark.GetString()!] = marks.GetValueOrDefault(mark.GetString()!) + slots.GetProperty("count").GetUInt64();
            if (slots.TryGetProperty("table", out JsonElement below))
                CountMarks(below, marks);
        }
    }

    private static ulong LivePages(JsonElement table)
    {
        ulong pages = 0;
        foreach (JsonElement slots in table.GetProperty("occupied").EnumerateArray())
        {
            if (slots.TryGetProperty("table", out JsonElement below))
                pages += LivePages(below);
            else
                pages += slots.GetProperty("count").GetUInt64() << (table.GetProperty("level").GetString() switch { "pte" => 0, "pmd" => 9, _ => 18 });
        }

        return pages;
    }

    [GeneratedRegex("\u001b\\[[0-9;?]*[a-zA-Z]|\u001b[=>]")]
    private static partial Regex Control();
}
