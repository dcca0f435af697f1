using PageShift.Tests.Cli;
using PageShift.Tests.Tracing;
using PageShift.Verification.Conformance;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>The fuzzer's sequences as cases: the kernel that answered them passes them as a program in C, and the engine does.</summary>
public sealed class FuzzCorpusTests : IDisposable
{
    private const int Count = 60;

    private readonly string _folder = Directory.CreateTempSubdirectory("pageshift-corpus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_exported_sequences_pass_on_the_kernel_that_answered_them()
    {
        SkipWithoutKernel();
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "gcc is not installed.");
        ToolResult result = Tool.Run("fuzz", "--export", $"{Count}", "--seed", "5", "-o", _folder);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains($"{Count} cases of ", result.Output, StringComparison.Ordinal);
        string program = Path.Combine(_folder, "conform");
        (int status, string output) = CProgram.Run("/usr/bin/gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, program + ".c");
        Assert.True(status == 0, output);
        (status, output) = CProgram.Run(program);
        Assert.DoesNotContain("not ok", output, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.True(output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal) && !line.Contains("# SKIP", StringComparison.Ordinal)) > 2 * Count);
    }

    [Fact]
    public void The_text_that_goes_with_them_reads_as_cases_that_the_engine_passes()
    {
        SkipWithoutKernel();
        Assert.Equal(0, Tool.Run("fuzz", "--export", $"{Count}", "--seed", "6", "-o", _folder).ExitCode);
        IReadOnlyList<ConformanceCase> cases = ConformanceSuite.Read("fuzz", File.ReadLines(Path.Combine(_folder, "fuzz-6.strace")));
        Assert.Equal(Count, cases.Select(one => one.Name).Distinct().Count());
        ConformanceResult[] failed = [.. cases.SelectMany(EngineConformance.Run).Where(result => result.Outcome == ConformanceOutcome.Failed)];
        Assert.True(failed.Length == 0, string.Join('\n', failed.Select(result => $"{result.Case}: {result.Line}: {result.Expected}, found {result.Found}")));
    }

    [Fact]
    public void One_seed_gives_the_same_cases_again()
    {
        SkipWithoutKernel();
        using LockstepFactory factory = LockstepFactory.TryStart(out _)!;
        string[] first = Make(factory), again = Make(factory);
        Assert.Equal(first, again);
        Assert.Equal(10, first.Distinct().Count());

        static string[] Make(LockstepFactory factory)
        {
            var corpus = new FuzzCorpus(factory, 11);
            return [.. Enumerable.Range(0, 10).Select(_ => corpus.Next().Text)];
        }
    }

    [Theory]
    [InlineData("munmap(0x1bc0205000, 4096) = 0", true)]
    [InlineData("munmap(NULL, 4096) = 0", true)]
    [InlineData("munmap(NULL, 1073741824) = 0", false)] // the program itself
    [InlineData("mremap(0x200000, 2248704, 2248704, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = -1 EINVAL", false)] // the process that proves the cases
    [InlineData("munmap(0x500000, 4096) = 0", false)] // likewise
    [InlineData("munmap(0x1000000, 4096) = 0", true)]
    [InlineData("mremap(0x1bc0205000, 0, 70368744173568, MREMAP_MAYMOVE|MREMAP_FIXED, 0x1bc0209000) = -1 EFAULT", false)] // EINVAL further up
    [InlineData("madvise(0x1bc0205000, 4096, MADV_PAGEOUT) = 0", false)] // a matter of the moment
    public void What_depends_on_where_things_lie_becomes_no_case(string call, bool isShown) =>
        Assert.Equal(isShown, FuzzCorpus.CanBeShown(new ConformanceCase("fuzz", "one", "One.", ["#case one", "# One.", call])));

    [Theory]
    [InlineData("= -1 ENOMEM (Cannot allocate memory)", "= -1 ENOMEM")]
    [InlineData("= -1 (errno 4095)", "= -1 (errno 4095)")] // the address 0xfffffffffffff001
    [InlineData("= 0x1000", "= 0x1000")]
    public void A_result_is_kept_and_its_explanation_is_not(string outcome, string kept) =>
        Assert.Equal($"{"brk(NULL)".PadRight(60)} {kept}", ConformanceRendering.Align($"brk(NULL) {outcome}"));

    private static void SkipWithoutKernel()
    {
        using LockstepFactory? factory = LockstepFactory.TryStart(out string? reason);
        reason ??= LockstepSurroundings.ReasonAgainstCases();
        Assert.SkipWhen(reason is not null, reason ?? "");
    }
}
