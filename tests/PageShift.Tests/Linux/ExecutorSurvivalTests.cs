using CsCheck;
using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.Linux;

public sealed class ExecutorSurvivalTests
{
    private static readonly SystemCallNumber[] Calls =
    [
        .. Enum.GetValues<SystemCallNumber>(),
        // The calls that matter most come twice more.
        SystemCallNumber.Map, SystemCallNumber.Map, SystemCallNumber.Unmap, SystemCallNumber.Unmap,
        SystemCallNumber.Remap, SystemCallNumber.Remap, SystemCallNumber.Protect, SystemCallNumber.Protect,
    ];

    // Values around every boundary that the executor or the kernel knows, the host's own addresses among them.
    private static readonly ulong[] Interesting =
    [
        0, 1, 4095, 4096, 0x10000, 0x400000, 0x401000, 1UL << 21, 1UL << 30, 0x2000_0000_0000, 0x7fff_f7ff_f000,
        HostLayout.CodeAddress, HostLayout.SlotsAddress, HostLayout.End, ProcessReader.TaskEnd, 1UL << 47, 1UL << 63, ulong.MaxValue,
    ];

    private static readonly Gen<ulong> Values = Gen.OneOf(
        Gen.Select(Gen.Int[0, Interesting.Length - 1].Select(index => Interesting[index]), Gen.Long[-3, 3], (value, pages) => unchecked(value + (ulong)(pages * 4096))),
        Gen.Int[0, Interesting.Length - 1].Select(index => Interesting[index]),
        Gen.Select(Gen.ULong[0, 64], pages => 0x2000_0000_0000 + pages * 4096),
        Gen.ULong[0, 64],
        Gen.ULong);

    private static readonly Gen<(SystemCallNumber Number, ulong[] Arguments)> OneCall =
        Gen.Select(Gen.Int[0, Calls.Length - 1].Select(index => Calls[index]), Values.Array[6]);

    [Fact]
    public void No_sequence_of_calls_hurts_the_executor()
    {
        using KernelExecutor root = OrSkip();
        var options = new KernelExecutorOptions { MostPopulatedBytes = new ByteLength(1UL << 24) };
        using KernelExecutor executor = OrSkip(options);
        int refused = 0;
        int succeeded = 0;

        OneCall.Array[50].Sample(
            calls =>
            {
                Assert.False(executor.TryFork(out KernelExecutor? child).IsError);
                using (child)
                {
                    foreach ((SystemCallNumber number, ulong[] a) in calls)
                    {
                        KernelOutcome outcome = child!.Invoke(number, new(a[0], a[1], a[2], Flags(number, a[3]), a[4], a[5]));
                        Assert.NotEqual(Refusal.ProcessEnded, outcome.Refusal);
                        if (!outcome.Ran) refused++;
                        else if (!outcome.Result.IsError) succeeded++;
                        MemoryAccess access = child.Fill(new VirtualAddress(a[5]), 1, new ByteLength(a[0] % 8192));
                        Assert.NotEqual(Refusal.ProcessEnded, access.Refusal);
                    }

                    HostIsWhole(child!);
                }
            },
            iter: 60, threads: 1);

        Assert.True(refused > 10, $"only {refused} calls were refused");
        Assert.True(succeeded > 100, $"only {succeeded} calls succeeded");
        HostIsWhole(root);
    }

    // Without a type and MAP_ANONYMOUS nearly every mapping fails, which would show little.
    private static ulong Flags(SystemCallNumber number, ulong value) =>
        number == SystemCallNumber.Map ? (value & ~(ulong)MapFlags.TypeMask) | PrivateAnonymous : value;

    private static void HostIsWhole(KernelExecutor executor)
    {
        using ProcessReader reader = ProcessReader.Open(executor.ProcessId);
        var mappings = new List<KernelMapping>();
        Assert.True(reader.ReadMappingsWithFlags(executor.Surroundings.Host, mappings));
        Assert.Equal(
            [
                (executor.Surroundings.HostCode, Protection.Read | Protection.Execute),
                (executor.Surroundings.HostData, Protection.Read | Protection.Write),
            ],
            mappings.Select(mapping => (mapping.Range, mapping.Protection)));
    }
}
