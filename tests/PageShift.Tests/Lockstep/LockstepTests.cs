using System.Text;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Linux.Settings;
using PageShift.Moving;
using PageShift.Units;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Lockstep;

public sealed class LockstepTests
{
    [Fact]
    public void A_wrong_prediction_of_an_address_is_a_divergence()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        KernelSurroundings kernel = factory.Surroundings.Kernel;
        factory.Surroundings = factory.Surroundings with { Kernel = new(new VirtualAddress(0x7fff_0000_0000), kernel.LowestHint, kernel.BreakStart) };
        Divergence? divergence = Sequence("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)").Execute(factory);
        Assert.NotNull(divergence);
        Assert.Equal((0, "the results", "0x7ffefffff000", "0x7ffff7ffe000"), (divergence.Index, divergence.Subject, divergence.Engine, divergence.Kernel));
    }

    [Fact]
    public void Pages_bytes_and_mappings_that_only_one_side_has_are_divergences()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        Assert.StartsWith("the mappings", AfterTampering(factory, space => space.Unmap(new VirtualAddress(0x1000_0000), new ByteLength(4096)))?.Subject, StringComparison.Ordinal);
        Assert.StartsWith("the mappings", AfterTampering(factory, space => space.Advise(new VirtualAddress(0x1000_0000), new ByteLength(8192), Advice.DontFork))?.Subject, StringComparison.Ordinal);
        Assert.StartsWith("the present pages", AfterTampering(factory, space => space.Advise(new VirtualAddress(0x1000_0000), new ByteLength(4096), Advice.DontNeed))?.Subject, StringComparison.Ordinal);
        Assert.StartsWith("the bytes at", AfterTampering(factory, space => space.Write(new VirtualAddress(0x1000_0800), 1))?.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void An_accesss_fault_is_compared_with_its_address()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        Assert.Null(Sequence("""
            mmap(0x10000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            mprotect(0x10001000, 4096, PROT_READ)
            memset(0x10000ff0, 7, 32)
            memset(0x0fffffff, 7, 1)
            memset(0x800000000000, 7, 1)
            memread(0x10000fff, 8192)
            """).Execute(factory)?.ToString());
    }

    [Fact]
    public void A_kernel_that_the_engine_does_not_follow_is_refused_with_a_reason()
    {
        var usual = new KernelSettings("madvise", "never", 0, 65530, 4096);
        KernelVersion version = KernelVersion.Parse("6.18.1")!;
        Assert.Null(LockstepSurroundings.ReasonAgainst(usual, version));
        Assert.Contains("6.18", LockstepSurroundings.ReasonAgainst(usual, KernelVersion.Parse("6.1.0-18-amd64")), StringComparison.Ordinal);
        Assert.Contains("strictly", LockstepSurroundings.ReasonAgainst(usual with { OvercommitMemory = 2 }, version), StringComparison.Ordinal);
        Assert.Contains("shmem_enabled is 'advise'", LockstepSurroundings.ReasonAgainst(usual with { SharedTransparentHugePages = "advise" }, version), StringComparison.Ordinal);
        Assert.Contains("use_zero_pages", LockstepSurroundings.ReasonAgainst(usual with { SharesZeroPages = true }, version), StringComparison.Ordinal);
        Assert.Contains("legacy_va_layout", LockstepSurroundings.ReasonAgainst(usual with { SearchesFromBottom = true }, version), StringComparison.Ordinal);
        Assert.NotNull(LockstepSurroundings.ReasonAgainst(usual, null));
    }

    [Fact]
    public void A_kernel_with_other_settings_is_followed_but_the_cases_are_not_of_it()
    {
        var usual = new KernelSettings("madvise", "never", 0, 65530, 4096);
        KernelVersion version = KernelVersion.Parse("6.18.1")!;
        KernelSettings always = usual with { TransparentHugePages = "always" }, pool = usual with { PooledHugePages = 1 };
        Assert.All([usual, always, pool, usual with { TransparentHugePages = "never" }], settings => Assert.Null(LockstepSurroundings.ReasonAgainst(settings, version)));
        Assert.Null(LockstepSurroundings.ReasonAgainstCases(usual, version, hasFiveLevels: false));
        Assert.Contains("always", LockstepSurroundings.ReasonAgainstCases(always, version, hasFiveLevels: false), StringComparison.Ordinal);
        Assert.Contains("nr_hugepages", LockstepSurroundings.ReasonAgainstCases(pool, version, hasFiveLevels: false), StringComparison.Ordinal);
        Assert.Contains("five levels", LockstepSurroundings.ReasonAgainstCases(usual, version, hasFiveLevels: true), StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_surroundings_are_the_executors()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        KernelSurroundings kernel = factory.Surroundings.Kernel, usual = LockstepSurroundings.Default.Kernel;
        Assert.Equal((kernel.MapBase, kernel.LowestHint, kernel.BreakStart), (usual.MapBase, usual.LowestHint, usual.BreakStart));
    }

    internal static CallSequence Sequence(string log, MovePolicy policy = MovePolicy.PageShift)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(log));
        return CallSequence.Read(stream, "test", policy);
    }

    private static Divergence? AfterTampering(LockstepFactory factory, Action<AddressSpace> tamper)
    {
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift, isThorough: true);
        foreach (CallRecord call in Sequence("mmap(0x10000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\nmemset(0x10000000, 9, 8192)").Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        tamper(lockstep.SpaceOf(0)!);
        return lockstep.Finish();
    }
}
