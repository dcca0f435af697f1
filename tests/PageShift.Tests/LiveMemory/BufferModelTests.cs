using CsCheck;
using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Tests.Model;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Random sequences of a buffer's operations beside an array of bytes, on each kind of kernel.</summary>
public sealed class BufferModelTests
{
    private const int Longest = 25;

    private static readonly PageBufferOptions Moving = new() { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 6 };

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(64)]
    public void On_the_engine_with_pages_of_any_size_every_byte_is_right(int pageKiB) => Sample(100, steps =>
    {
        using var space = new AddressSpace();
        var kernel = new DecoratedKernel(new EngineKernel(space)) { PageSize = (ulong)pageKiB << 10 };
        using var both = new ModelledBuffer(kernel, Moving);
        foreach (BufferStep step in steps)
        {
            both.Make(step);
            both.Check();
            space.Verify();
            Assert.InRange(both.Buffer.PieceCount, CountMappings(space, both.Buffer), Moving.MaximumPieces);
        }
    });

    [Theory]
    [InlineData(MoveStrategy.Move)]
    [InlineData(MoveStrategy.Copy)]
    [InlineData(MoveStrategy.Cheapest)]
    public void On_the_running_kernel_every_byte_is_right(MoveStrategy strategy) => Sample(200, steps =>
        Run(new DecoratedKernel(SystemKernel.Instance), Moving with { Strategy = strategy }, steps));

    [Fact]
    public void On_the_running_kernel_without_moves_of_single_pages_every_byte_is_right() => Sample(100, steps =>
        Run(new DecoratedKernel(SystemKernel.Instance) { MovesSinglePages = false }, Moving, steps));

    [Fact]
    public void While_unleased_use_is_sought_every_byte_is_right() => Sample(100, steps =>
        Run(new DecoratedKernel(SystemKernel.Instance), Moving with { FindUnleasedUse = true }, steps));

    [Fact]
    public void By_copying_on_the_C_librarys_memory_every_byte_is_right() => Sample(100, steps => Run(new PortableKernel(), Moving, steps));

    [Theory]
    [InlineData(FailureKind.RefuseOne)]
    [InlineData(FailureKind.RefuseAllFrom)]
    [InlineData(FailureKind.FailLate)]
    internal void On_an_engine_that_fails_at_random_every_byte_is_right(FailureKind kind) => Sample(150, steps =>
    {
        using var space = new AddressSpace();
        var kernel = new DecoratedKernel(new EngineKernel(space)) { Kind = kind };
        using var both = new ModelledBuffer(kernel, Moving);
        foreach (BufferStep step in steps)
        {
            kernel.Reset();
            kernel.FailsAt = (int)(step.First % 31);
            both.Make(step);
            kernel.FailsAt = -1;
            both.Check();
            space.Verify();
        }
    });

    private static void Run(IMemoryKernel kernel, PageBufferOptions options, BufferStep[] steps)
    {
        using var both = new ModelledBuffer(kernel, options);
        foreach (BufferStep step in steps)
        {
            both.Make(step);
            both.Check();
            Assert.InRange(both.Buffer.PieceCount, 0, options.MaximumPieces);
        }
    }

    private static int CountMappings(AddressSpace space, PageBuffer buffer) =>
        buffer.Length == 0 ? 0 : space.GetMappings(new AddressRange(new VirtualAddress(buffer.BaseAddress), new ByteLength((ulong)buffer.Length))).Count;

    private static void Sample(int sequences, Action<BufferStep[]> run) =>
        BufferStep.Gen.Array[1, Longest].Sample(run, iter: sequences * ModelRun.Factor);
}
