using PageShift.Tests.Tracing;
using PageShift.Verification.Conformance;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>The suite as a program in C: it passes on the kernel that has proved the cases, with libc and without, and finds what differs.</summary>
public sealed class ConformanceProgramTests : IDisposable
{
    private static readonly string[] WithLibc = ["-static"];
    private static readonly string[] WithoutLibc = ["-DCONFORM_NOLIBC", "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-fno-pie", "-nostdlib", "-static"];

    private readonly string _folder = Directory.CreateTempSubdirectory("pageshift-conform-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("/usr/bin/gcc", "static")]
    [InlineData("/usr/bin/gcc", "dynamic")]
    [InlineData("/usr/bin/gcc", "without libc")]
    [InlineData("/usr/bin/clang", "static")]
    [InlineData("/usr/bin/clang", "dynamic")]
    [InlineData("/usr/bin/clang", "without libc")]
    public void Nothing_fails_on_the_kernel_that_has_proved_the_cases(string compiler, string libc)
    {
        SkipOnOtherKernels();
        string program = Build(compiler, libc switch { "static" => WithLibc, "dynamic" => [], _ => WithoutLibc }, ConformanceSuite.Cases);
        (int status, string output) = CProgram.Run(program);
        Assert.DoesNotContain("not ok", output, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.StartsWith($"TAP version 14\n1..{PointsOf(ConformanceSuite.Cases)}\nok 1 - results: ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("munmap(0x10000001, 4096)                                     = -1 EINVAL", "munmap(0x10000001, 4096) = -1 EPERM", "results", "EPERM", "EINVAL")]
    [InlineData("memread(0x10000ff0, 1)                                       = 3", "memread(0x10000ff0, 1) = 4", "results", "4", "3")]
    [InlineData("#maps 10001000-10002000 rw-p; 10003000-10007000 rw-p", "#maps 10001000-10002000 rw-p; 10003000-10006000 rw-p", "mappings", "10003000-10006000", "10003000-10007000")]
    [InlineData("#maps 10001000-10002000 rw-p; 10003000-10007000 rw-p", "#maps 10001000-10002000 rw-p; 10003000-10004000 rw-p; 10004000-10007000 rw-p", "merging", "10003000-10004000", "10003000-10007000")]
    [InlineData("#pages 0x10000000 8 .P.PPPP.", "#pages 0x10000000 8 .P.PP.P.", "mappings", ".P.PP.P.", ".P.PPPP.")]
    [InlineData("#pages 0x10000000 4 PPPP", "#pages 0x10000000 4 PPP.", "leftovers", "PPP.", "PPPP")]
    public void What_differs_fails_at_its_level_and_is_told(string line, string changed, string level, string expected, string found)
    {
        SkipOnOtherKernels();
        string text = File.ReadAllText(Repository.Path($"{ConformanceSuite.Folder}/4-munmap.strace"));
        Assert.Contains(line, text, StringComparison.Ordinal);
        string program = Build("/usr/bin/gcc", WithoutLibc, ConformanceSuite.Read("changed", text.Replace(line, changed, StringComparison.Ordinal).Split('\n')));
        (int status, string output) = CProgram.Run(program);
        Assert.Equal(1, status);
        string failure = Assert.Single(output.Split('\n'), one => one.StartsWith("not ok", StringComparison.Ordinal));
        Assert.Contains($" - {level}: munmap_", failure, StringComparison.Ordinal);
        Assert.Contains($"\n  expected: \"", output, StringComparison.Ordinal);
        Assert.Contains(expected, output.Split("  expected: ")[1].Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains(found, output.Split("  found: ")[1].Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("  rule: \"", output, StringComparison.Ordinal);
    }

    // What a machine may have otherwise, and the kernel is right all the same: a case says nothing there, or passes, but never fails.
    [Theory]
    [InlineData("a closed standard input", "exec \"$0\" \"$@\" <&-")]
    [InlineData("the old layout, searched from the bottom", "exec setarch -L \"$0\" \"$@\"")]
    [InlineData("a small stack", "ulimit -s 64; exec \"$0\" \"$@\"")]
    [InlineData("little data", "ulimit -d 10000; exec \"$0\" \"$@\"")]
    [InlineData("little address space, of which more may be asked for", "ulimit -S -v 3000000; exec \"$0\" \"$@\"")]
    [InlineData("no locked memory", "chmod a+rx \"${0%/*}\"; ulimit -l 0; exec setpriv --reuid 2345 --regid 2345 --clear-groups \"$0\" \"$@\"")]
    [InlineData("few processes", "chmod a+rx \"${0%/*}\"; ulimit -u 3; exec setpriv --reuid 2346 --regid 2346 --clear-groups \"$0\" \"$@\"")]
    [InlineData("no /proc", "exec unshare -m sh -c 'umount -l /proc && exec \"$0\" \"$@\" || exit 77' \"$0\" \"$@\"")]
    [InlineData("neither /proc nor /dev", "mkdir \"${0%/*}/bare\" && cp \"$0\" \"${0%/*}/bare/conform\" && exec chroot \"${0%/*}/bare\" /conform || exit 77")]
    [InlineData("the first shared memory of a namespace", "unshare -i true || exit 77; exec unshare -i \"$0\" \"$@\"")]
    [InlineData("little shared memory", "unshare -i true || exit 77; exec unshare -i sh -c 'echo 4096 > /proc/sys/kernel/shmmax; exec \"$0\" \"$@\"' \"$0\" \"$@\"")]
    [InlineData("no shared memory", "unshare -i true || exit 77; exec unshare -i sh -c 'echo 0 > /proc/sys/kernel/shmmni; exec \"$0\" \"$@\"' \"$0\" \"$@\"")]
    public void Nothing_fails_in_other_surroundings(string surroundings, string command)
    {
        SkipOnOtherKernels();
        string program = Build("/usr/bin/gcc", WithoutLibc, ConformanceSuite.Cases);
        (int status, string output) = CProgram.Run("/bin/sh", "-c", command, program);
        Assert.SkipWhen(status is 77 or 126 or 127, $"This user can't set up {surroundings}.");
        Assert.DoesNotContain("not ok", output, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.Contains($"# points {PointsOf(ConformanceSuite.Cases)}\n", output, StringComparison.Ordinal);
    }

    // QEMU's own differences are the same on every processor, but for those of addresses; that each case comes to its end shows that the program itself is right there.
    [Theory]
    [InlineData("aarch64", true)]
    [InlineData("aarch64", false)]
    [InlineData("riscv64", true)]
    [InlineData("riscv64", false)]
    public void It_runs_on_other_processors(string processor, bool usesLibc)
    {
        string emulator = $"/usr/bin/qemu-{processor}-static";
        Assert.SkipUnless(File.Exists(emulator), $"{emulator} is not installed.");
        string[] words = ["munmap", "mprotect", "fork", "mincore"];
        ConformanceCase[] cases = [.. ConformanceSuite.Cases.Where(one => Array.Exists(words, one.Name.StartsWith))];
        string program = Build($"/usr/bin/{processor}-linux-gnu-gcc", usesLibc ? WithLibc : WithoutLibc, cases);
        (int status, string output) = CProgram.Run(emulator, program);
        Assert.InRange(status, 0, 1);
        Assert.StartsWith($"TAP version 14\n1..{PointsOf(cases)}\n", output, StringComparison.Ordinal);
        Assert.Contains($"# points {PointsOf(cases)}\n", output, StringComparison.Ordinal);
        Assert.All((string[])["munmap_splits", "munmap_then_fault", "fork_shares_private_pages_until_written"], name => Assert.Contains(output.Split('\n'), line => line.StartsWith("ok ", StringComparison.Ordinal) && line.EndsWith($" - results: {name}", StringComparison.Ordinal)));
        Assert.DoesNotContain("killed by signal", output, StringComparison.Ordinal);
        Assert.DoesNotContain("the process ended by itself", output, StringComparison.Ordinal);
    }

    // No test changes this setting, which is the whole machine's.
    [Theory]
    [InlineData("shmget(IPC_PRIVATE, 9223372036854775807, 0600) = -1 ENOMEM", true)]
    [InlineData("shmget(IPC_PRIVATE, 1125899906842624, 0600) = -1 ENOMEM", true)]
    [InlineData("mmap(NULL, 35184372088832, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM", true)]
    [InlineData("mmap(NULL, 9223372036854771712, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM", false)]
    public void More_memory_than_there_is_needs_the_kernel_to_account_for_it(string line, bool needsIt)
    {
        var exported = new ExportedCase(Assert.Single(ConformanceSuite.Read("made", ["#case asks", "# Too much.", line])));
        Assert.Equal(needsIt, exported.Needs.HasFlag(CaseNeeds.Overcommit));
    }

    [Fact]
    public void A_case_that_hangs_is_a_result_and_the_next_is_run()
    {
        SkipOnOtherKernels();
        string[] lines = ["#case hangs", "# Process 2 never begins.", "1 munmap(0x10000000, 4096) = 0", "2 munmap(0x10000000, 4096) = 0", "#case goes_on", "# This one ends.", "munmap(0x10000000, 4096) = 0"];
        (int status, string output) = CProgram.Run(Build("/usr/bin/gcc", WithoutLibc, ConformanceSuite.Read("made", lines)), "--seconds", "1");
        Assert.Equal(1, status);
        Assert.Contains("not ok 1 - results: hangs", output, StringComparison.Ordinal);
        Assert.Contains("found: \"no end within the time limit\"", output, StringComparison.Ordinal);
        Assert.Contains("\nok 2 - results: goes_on", output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_newer_than_the_profile_is_not_applicable()
    {
        string[] lines = ["#case seals", "# Sealing.", "mseal(0x10000000, 0, 0) = 0"];
        string program = Build("/usr/bin/gcc", WithoutLibc, ConformanceSuite.Read("made", lines));
        (int status, string output) = CProgram.Run(program, "--kernel", "6.9");
        Assert.Contains("ok 1 - results: seals # SKIP Linux has it since 6.10", output, StringComparison.Ordinal);
        Assert.Equal(3, status);
    }

    [Fact]
    public void A_system_that_refuses_a_userfaultfd_is_told_so_and_fails_nothing()
    {
        SkipOnOtherKernels();
        using var refuses = new CProgram("""
            #include <linux/filter.h>
            #include <linux/seccomp.h>
            int main(int argc, char **argv)
            {
                struct sock_filter filter[] = { { 0x20, 0, 0, 0 }, { 0x15, 0, 1, SYS_userfaultfd }, { 6, 0, 0, SECCOMP_RET_ERRNO | EPERM }, { 6, 0, 0, SECCOMP_RET_ALLOW } };
                struct sock_fprog program = { 4, filter };
                if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
                    return 77;
                execv(argv[1], argv + 1);
                return 1;
            }
            """);
        ConformanceCase[] cases = [.. ConformanceSuite.Read("9-userfaultfd.strace")];
        (int status, string output) = CProgram.Run(refuses.Path, Build("/usr/bin/gcc", WithoutLibc, cases));
        Assert.SkipWhen(status == 77, "There is no seccomp here.");
        string[] points = [.. output.Split('\n').Where(line => line.StartsWith("ok ", StringComparison.Ordinal) || line.StartsWith("not ok ", StringComparison.Ordinal))];
        Assert.Equal(PointsOf(cases), points.Length);
        Assert.All(points, point => Assert.Contains("# SKIP ", point, StringComparison.Ordinal));
        Assert.Contains("(EPERM)", output, StringComparison.Ordinal);
        Assert.Equal(3, status);
    }

    [Fact]
    public void The_engine_passes_every_case()
    {
        ConformanceResult[] results = [.. ConformanceSuite.Cases.SelectMany(EngineConformance.Run)];
        Assert.DoesNotContain(results, result => result.Outcome == ConformanceOutcome.Failed);
        Assert.All(EngineConformance.Each((CaseLevels)~0), level => Assert.Contains(results, result => result.Level == level));
    }

    private static int PointsOf(IEnumerable<ConformanceCase> cases) => cases.Sum(one => EngineConformance.Each(new ExportedCase(one).Levels).Count());

    private static void SkipOnOtherKernels()
    {
        string? reason = LockstepSurroundings.ReasonAgainstCases();
        Assert.SkipWhen(reason is not null, reason ?? "");
    }

    private string Build(string compiler, string[] options, IReadOnlyList<ConformanceCase> cases)
    {
        Assert.SkipUnless(File.Exists(compiler), $"{compiler} is not installed.");
        string source = Path.Combine(_folder, "conform.c"), program = Path.Combine(_folder, "conform");
        File.WriteAllText(source, ConformanceProgram.Write(cases, "test"));
        (int status, string output) = CProgram.Run(compiler, ["-O1", "-Wall", "-Wextra", "-Werror", .. options, "-o", program, source]);
        Assert.True(status == 0, output);
        return program;
    }
}
