using System.Text;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Tests.Linux;
using PageShift.Verification.Lockstep;
using Xunit;
using static PageShift.Tests.Lockstep.LockstepTests;

namespace PageShift.Tests.Lockstep;

/// <summary>The rules about vm.max_map_count, for which a conformance case would be 32,000 lines long.</summary>
public sealed class MapCountTests
{
    private const ulong Region = 0x10_0000_0000;
    private const int Pairs = 32_750;

    [Fact]
    public void Engine_and_kernel_agree_up_to_the_last_mapping_and_beyond()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        LockstepSurroundings? surroundings = LockstepSurroundings.TryRead(executor, out string? reason);
        if (surroundings is null || surroundings.MaximumMapCount != 65530)
            Assert.Skip(reason ?? "vm.max_map_count is not 65530 here");
        using KernelSide kernel = KernelSide.TryBegin(executor, 0)!;
        using PhysicalMemory memory = new();
        using EngineSide engine = new(surroundings, memory, MovePolicy.PageShift, 0);
        var failed = new HashSet<SystemCallNumber>();
        foreach (CallRecord call in Sequence(Log()).Calls)
        {
            CallAnswer expected = kernel.Execute(call);
            Assert.Null(expected.WhyNot);
            CallAnswer answer = engine.Execute(call);
            Assert.True(expected.Result == answer.Result, $"{call.Call}: engine {answer.Result}, kernel {expected.Result}");
            if (expected.Result.IsError)
                failed.Add(call.Call.Number);
        }

        Assert.Superset(new HashSet<SystemCallNumber> { SystemCallNumber.Map, SystemCallNumber.Unmap, SystemCallNumber.Remap, SystemCallNumber.Protect, SystemCallNumber.Advise, SystemCallNumber.Lock }, failed);
        SpaceSnapshot engines = new(), kernels = new();
        engine.Observe(0, engines, withFlags: false);
        Assert.True(kernel.Observe(0, kernels, withFlags: false));
        Assert.Null(new SpaceComparison(new FilePairs()).Compare(engines, kernels));
    }

    /// <summary>Every second page of a region gets another protection; then, while the last few mappings are used up, one call of each kind at a time.</summary>
    private static string Log()
    {
        var log = new StringBuilder();
        Add($"mmap({Region}, {1L << 30}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED|MAP_NORESERVE, -1, 0)");
        for (ulong pair = 0; pair < Pairs; pair++)
            Add($"mprotect({Region + (pair * 8192)}, 4096, PROT_NONE)");
        for (ulong round = 0; round < 12; round++)
        {
            ulong part = Region + (Pairs * 8192UL) + (round * 0x10_0000);
            ulong place = 0x30_0000_0000 + (round * 0x10_0000);
            Add($"mremap({part}, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, {place + 0x8000})");
            Add($"mremap({place + 0x8000}, 4096, 8192, MREMAP_MAYMOVE)");
            Add($"mremap({part + 0x1000}, 4096, 8192, MREMAP_MAYMOVE)");
            Add($"munmap({part + 0x3000}, 4096)");
            Add($"mprotect({part + 0x6000}, 4096, PROT_READ)");
            Add($"madvise({part + 0x9000}, 4096, MADV_DONTFORK)");
            Add($"mlock({part + 0xc000}, 4096)");
            Add($"mmap({place}, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)");
            Add($"mmap({place + 0x1000}, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)");
            Add($"mmap({part + 0xe000}, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)");
            Add($"brk({0x402000 + (round * 4096)})");
        }

        // A trimmed end needs no mapping more.
        Add($"munmap({Region + (1UL << 30) - 4096}, 4096)");
        return log.ToString();

        void Add(FormattableString call) => log.Append(FormattableString.Invariant(call)).Append('\n');
    }
}
