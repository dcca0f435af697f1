using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Documentation;

/// <summary>The sample that follows a live process. The output of the others stands in docs/library.md, and is compared with what they print.</summary>
public sealed class LiveProcessSampleTests
{
    private static string Samples => Path.Combine(AppContext.BaseDirectory, "PageShift.Samples.dll");

    [Fact]
    public void It_prints_each_move_and_exits_as_the_program_does()
    {
        TracedRun.SkipUnlessPermitted();
        using var program = new CProgram("""
            int main(void)
            {
                char *a = ANON(4 << 20);
                memset(a, 1, 4 << 20);
                return mremap(a, 4 << 20, 4 << 20, MREMAP_MAYMOVE | MREMAP_FIXED, a - (1ul << 30) + 4096) == MAP_FAILED ? 1 : 7;
            }
            """);

        (int status, string output) = CProgram.Run("dotnet", Samples, "follow", program.Path);

        Assert.Equal(7, status);
        Assert.Matches(@"^program\+0x[0-9a-f]+: 1024 pages; 1024 entries now, \d+ at a congruent place\n1 moves, 0 divergences\n$", output);
    }

    [Fact]
    public void A_program_that_can_t_be_traced_gives_its_reason()
    {
        TracedRun.SkipUnlessPermitted();

        (int status, string output) = CProgram.Run("dotnet", Samples, "follow", "no-such-program-anywhere");

        Assert.Equal(3, status);
        Assert.Contains("not found", output, StringComparison.Ordinal);
    }
}
