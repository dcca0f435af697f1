using PageShift.AddressSpaces;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Moving;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.LiveMemory;

/// <summary>The running kernel's own counters beside what the engine says of the same operations by the rules of Linux.</summary>
public sealed class KernelCounterTests
{
    private const long MiB = 1 << 20;

    private static readonly PageBufferOptions Options = new() { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, Capacity = 128 * MiB };

    private static readonly (string Name, Action<PageBuffer, IMemoryKernel> Run)[] Operations =
    [
        ("insert 2 MiB", (b, _) => b.Insert(16 * MiB, 2 * MiB)),
        ("remove 2 MiB", (b, _) => b.Remove(16 * MiB, 2 * MiB)),
        ("insert 8 MiB, in chunks", (b, _) => b.Insert(16 * MiB, 8 * MiB)),
        ("insert 4 KiB", (b, _) => b.Insert(30 * MiB, 4096)),
        ("slide", (b, _) => b.Slide(4 * MiB)),
        ("exchange", (b, _) => b.Exchange(0, 8 * MiB, 4 * MiB)),
        ("move up", (b, _) => b.Move(2 * MiB, 20 * MiB, 6 * MiB)),
        ("append", (b, kernel) =>
        {
            using var other = new PageBuffer(8 * MiB, Options, kernel);
            other.Populate(0, 8 * MiB);
            b.Append(other);
        }),
        ("compact", (b, _) => b.Compact([new(4 * MiB, 2 * MiB), new(10 * MiB, 8 * MiB), new(20 * MiB, 4096)])),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Operations.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_kernel_flushes_as_often_as_the_engine_says(int index)
    {
        using KernelExecutor executor = OrSkip();
        using KernelProbe probe = AttachOrSkip(executor);
        var kernel = new ProbedKernel(executor, probe);
        using var space = new AddressSpace(new AddressSpaceOptions { Policy = MovePolicy.Linux67 });
        var observer = new FlushObserver();
        var engine = new EngineKernel(space);
        using PageBuffer onKernel = MakePopulated(kernel);
        using PageBuffer onEngine = MakePopulated(engine);
        kernel.Flushes = 0;
        space.MoveObserver = observer;

        Operations[index].Run(onKernel, kernel);
        Operations[index].Run(onEngine, engine);

        Assert.True(kernel.Flushes > 0);
        Assert.True((long)observer.Flushes == kernel.Flushes, $"{Operations[index].Name}: the engine says {observer.Flushes}, the kernel counted {kernel.Flushes}");
    }

    private static PageBuffer MakePopulated(IMemoryKernel kernel)
    {
        var buffer = new PageBuffer(32 * MiB, Options, kernel);
        Assert.True(buffer.Populate(0, 32 * MiB));
        return buffer;
    }

    private static KernelProbe AttachOrSkip(KernelExecutor executor)
    {
        KernelProbe? probe = KernelProbe.TryAttach(executor, out string? reason);
        Assert.SkipWhen(probe is null, reason ?? "");
        return probe!;
    }

    private sealed class FlushObserver : IMoveObserver
    {
        internal ulong Flushes { get; private set; }

        public void Moving(MoveObservation move) => Flushes += move.Plan(MovePolicy.Linux67).Cost.TlbFlushes;
    }
}
