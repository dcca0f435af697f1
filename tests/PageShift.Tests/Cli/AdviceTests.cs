using System.Buffers;
using PageShift.Abi;
using PageShift.Cli.Explaining;
using PageShift.Cli.Output;
using PageShift.Cli.Tracing;
using PageShift.Linux.Timing;
using PageShift.Linux.Tracing;
using PageShift.Memory;
using PageShift.Tests.Following;
using PageShift.Tests.Tracing;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The lines that the report of <c>trace</c> gives to paste: each is compiled and run as it stands.</summary>
public sealed class AdviceTests
{
    private const string C = "  C   ";
    private const string CSharp = "  C#  ";
    private const string Further = "      ";

    // What stands around each block of C: it may use data, length and oldLength, and has to leave the bytes of data.
    private const string Around = """
        #include <limits.h>
        #include <malloc.h>
        #define mallopt(name, value) do { if (!(mallopt)(name, value)) return __LINE__; } while (0)
        static int each(void)
        {
            size_t oldLength = 4 << 20, length = 6 << 20;
            char *data = ANON(oldLength);
            memset(data, 7, oldLength);
            char *was = data;
            {

        """;

    [Fact]
    public void The_lines_of_C_compile_and_work()
    {
        string[] blocks = [.. AllLines().Aggregate(new List<string>(), AddToBlocks)];
        Assert.Equal(7, blocks.Length);

        foreach (string block in blocks)
        {
            string check = block.Contains("mremap", StringComparison.Ordinal)
                ? "if (((uintptr_t)data ^ (uintptr_t)was) & ((2 << 20) - 1) || data == was || data[0] != 7 || data[oldLength - 1] != 7) return 3;\ndata[length - 1] = 1;"
                : block.Contains("char *data", StringComparison.Ordinal) ? "memset(data, 1, length);\nif (data == MAP_FAILED || was[0] != 7) return 4;" : "";
            using var program = new CProgram($"{Around}{block}\n{check}\n}}\nreturn data == NULL || was == NULL || oldLength > length;\n}}\nint main(void) {{ return each(); }}\n");
            Assert.True(CProgram.Run(program.Path) is (0, ""), $"{block}\n{CProgram.Run(program.Path)}");
        }
    }

    [Fact]
    public void The_lines_of_C_sharp_are_those_that_are_compiled_here()
    {
        string source = File.ReadAllText(Repository.Path("tests/PageShift.Tests/Cli/AdviceTests.cs"));
        string[] lines = [.. AllLines().Where(l => l.StartsWith(CSharp, StringComparison.Ordinal)).Select(l => l[CSharp.Length..].Split("  //")[0].TrimEnd())];

        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Contains($"\n        {line}\n", source));
        Grow(100_000);
        Own(100_000);
        Rent(100_000);
    }

    [Theory]
    [InlineData(44, 1, false)]
    [InlineData(10_000, 1, false)]
    [InlineData(50_000, 1, true)]
    [InlineData(50_000, 10, false)]
    public void Faults_that_each_start_of_a_program_has_are_no_finding(long faults, long processes, bool isFinding)
    {
        var report = new TraceReport(new TraceSettings { Command = ["true"] })
        {
            Result = new TraceResult
            {
                Statistics = new TraceStatistics
                {
                    Processes = processes,
                    Usage = new ProgramUsage(1_000_000, faults, 0, new SampledTime(10, new Dictionary<string, long> { [KernelEntry.PageFault] = 100 }, 0), ""),
                },
            },
        };

        string[] lines = [.. TraceFindings.Of(report)];

        Assert.Equal(isFinding, lines.Any(l => l.Contains("MADV_HUGEPAGE", StringComparison.Ordinal)));
        Assert.Equal(!isFinding, lines.Any(l => l.StartsWith("Nothing stands out", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(40_000, true)]
    [InlineData(400_000_000, false)]
    public void Faults_that_take_more_time_than_the_moves_are_a_finding_of_a_program_that_moves(long nanosecondsOfMove, bool isFinding)
    {
        TraceReport report = OfOneMove(nanosecondsOfMove, 500_000_000, new Dictionary<string, long> { [KernelEntry.PageFault] = 700 });

        Assert.Equal(isFinding, TraceFindings.BesidesMoves(report).Any(l => l.Contains("MADV_HUGEPAGE", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(null, null, "", "")]
    [InlineData(0L, 0.0, "no sample", "")]
    [InlineData(292_000L, 0.0004, "292 us", "< 0.1 %")]
    public void Calls_that_no_sample_met_are_not_said_to_take_no_time(long? nanoseconds, double? part, string time, string share)
    {
        UsageRow row = UsageRows.Of(new UsageShare("madvise", nanoseconds, part, 13, "13 calls"));

        Assert.Equal((time, share, "13 calls"), (row.Time, row.Share, row.Words));
    }

    [Theory]
    [InlineData(1_000, 0, 40)]
    [InlineData(470, 10, 40)] // half of the time, and next to no sample: moves are measured, the rest is sampled
    [InlineData(0, 900, 40)]
    [InlineData(2_000, 10, 40)] // more than all there is, as by the clock where the kernel tells no processor time of a call
    [InlineData(300, 1_000, 0)]
    public void Shares_of_the_processor_time_are_parts_of_one_whole(long microsecondsOfMove, long samplesOfMove, long samplesOfTracing)
    {
        TraceReport report = OfOneMove(microsecondsOfMove * 1_000, 1_000_000, new Dictionary<string, long>
        {
            [KernelEntry.PageFault] = 300,
            [KernelEntry.Tracing] = samplesOfTracing,
            ["mremap"] = samplesOfMove,
            ["mmap"] = 100,
            ["write"] = 200,
        });

        IReadOnlyList<UsageShare> shares = UsageShares.Of(report);

        Assert.Equal(1, shares.Sum(s => s.Part!.Value), 1e-9);
        Assert.All(shares, s => Assert.InRange(s.Part!.Value, 0, 1));
        Assert.InRange(shares.Sum(s => s.Nanoseconds!.Value), UsageShares.ProcessorTimeOf(report) - shares.Count, UsageShares.ProcessorTimeOf(report) + shares.Count);
        Assert.InRange(UsageShares.ProcessorTimeOf(report), 0, 1_000_000);
    }

    [Fact]
    public void Calls_of_mremap_that_move_nothing_have_a_share_of_their_own()
    {
        TraceReport report = OfOneMove(100_000, 1_000_000, new Dictionary<string, long> { ["mremap"] = 300 });
        for (int i = 0; i < 8; i++)
            report.Statistics.Count(new CallExit { Entry = new CallEntry { Number = SystemCallNumber.Remap }, Result = new CallResult(0) });

        IReadOnlyList<UsageShare> shares = UsageShares.Of(report);

        UsageShare inPlace = Assert.Single(shares, s => s.Name == "mremap");
        Assert.Equal("7 calls in place", inPlace.Words);
        Assert.Equal(0.1, Assert.Single(shares, s => s.Name == UsageShares.Moves).Part!.Value, 1e-9);
        Assert.Equal(0.0, Assert.Single(shares, s => s.Name == UsageShares.OtherCalls).Part); // nothing, and not what arithmetic leaves over
        Assert.Equal(0.2, inPlace.Part!.Value, 1e-9); // three of ten samples were in mremap, and a tenth of the time is that of the move
        Assert.Equal(1, shares.Sum(s => s.Part!.Value), 1e-9);
    }

    /// <summary>A report of a program that used some processor time, with 700 samples in its own code.</summary>
    private static TraceReport OfOneMove(long nanosecondsOfMove, long nanoseconds, Dictionary<string, long> samples)
    {
        FollowedRun run = FollowedRun.OfC("int main(void) { char *a = ANON(8192); a[0] = 1; return mremap(a, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, a - (1ul << 30)) == MAP_FAILED; }");
        var report = new TraceReport(new TraceSettings { Command = ["moves"] })
        {
            Result = new TraceResult
            {
                Statistics = new TraceStatistics
                {
                    Processes = 1,
                    ProcessorNanoseconds = nanoseconds,
                    Usage = new ProgramUsage(2 * nanoseconds, 50_000, 0, new SampledTime(700, samples, 0), ""),
                },
            },
        };
        report.Add(Assert.Single(run.Moves) with { ElapsedNanoseconds = nanosecondsOfMove, ProcessorNanoseconds = nanosecondsOfMove });
        report.Statistics.Moves = 1;
        return report;
    }

    private static void Grow(int length)
    {
        using var data = new PageList<byte>(length);
        data.Add(1);
        Assert.Equal(1, data.Count);
    }

    private static void Own(int length)
    {
        using var data = new PageBuffer((length + 4095) & ~4095);
        Assert.True(data.Length >= length);
    }

    private static void Rent(int length)
    {
        byte[] data = ArrayPool<byte>.Shared.Rent(length);
        Assert.True(data.Length >= length);
        ArrayPool<byte>.Shared.Return(data);
    }

    private static List<string> AddToBlocks(List<string> blocks, string line)
    {
        if (line.StartsWith(C, StringComparison.Ordinal))
            blocks.Add(line[C.Length..]);
        else if (line.StartsWith(Further, StringComparison.Ordinal))
            blocks[^1] += "\n" + line[Further.Length..];
        return blocks;
    }

    /// <summary>The advice of a program that moves to places that are not congruent, and beside others, and of one that moves nothing and in which everything stands out.</summary>
    private static IEnumerable<string> AllLines()
    {
        FollowedRun run = FollowedRun.OfC("""
            int main(void)
            {
                size_t n = 4 << 20;
                char *a = ANON(n), *b = ANON(4 * n);
                memset(a, 1, n);
                memset(b, 1, 4 * n);
                if (mremap(a, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, a - (1ul << 30) + 4096) == MAP_FAILED)
                    return 1;
                char *at = (char *)(((uintptr_t)b + n) & -(uintptr_t)n) + 8192;
                return mremap(at, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, at - (1ul << 31)) == MAP_FAILED;
            }
            """);
        var moving = new TraceReport(new TraceSettings { Command = ["moves"] }) { Result = new TraceResult() };
        foreach (FollowedMove move in run.Moves)
            moving.Add(move);
        Assert.Contains(MoveObstacle.NotCongruent, moving.Obstacles.Keys);
        Assert.Contains(moving.Obstacles.Keys, o => o is MoveObstacle.NeighbourAtStart or MoveObstacle.NeighbourAtEnd);

        var busy = new TraceReport(new TraceSettings { Command = ["maps"] })
        {
            Result = new TraceResult
            {
                Statistics = new TraceStatistics
                {
                    Usage = new ProgramUsage(1_000_000, 50_000, 0, new SampledTime(10, new Dictionary<string, long> { ["page fault"] = 100, ["mmap"] = 100, ["munmap"] = 100, ["brk"] = 100, ["madvise"] = 100 }, 0), ""),
                },
            },
        };
        foreach (SystemCallNumber number in (SystemCallNumber[])[SystemCallNumber.Map, SystemCallNumber.Unmap, SystemCallNumber.Break, SystemCallNumber.Advise])
        {
            for (int i = 0; i < 200; i++)
                busy.Statistics.Count(new CallExit { Entry = new CallEntry { Number = number }, Result = new CallResult(0) });
        }

        return [.. TraceAdvice.Of(moving), .. TraceFindings.Of(busy)];
    }
}
