using CsCheck;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Tests.Model;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Very many random operations on one buffer: a million where .ci/long runs thirty times the usual.</summary>
public sealed class SoakTests
{
    private const int Operations = 34_000;
    private const int Block = 1000;

    [Fact]
    public void After_very_many_operations_every_byte_is_right()
    {
        var options = new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 10 };
        using var both = new ModelledBuffer(SystemKernel.Instance, options);
        Gen<BufferStep[]> blocks = BufferStep.Gen.Array[Block];
        ulong seed = ModelRun.Factor > 1 ? (ulong)Random.Shared.NextInt64() : 1;
        for (int block = 0; block < Operations * ModelRun.Factor / Block; block++)
        {
            foreach (BufferStep step in blocks.Generate(new PCG((uint)block, seed), null, out _))
                both.Make(step);
            try
            {
                both.Check();
            }
            catch (InvalidOperationException wrong)
            {
                Assert.Fail($"Block {block} of seed {seed}: {wrong.Message}");
            }

            Assert.InRange(both.Buffer.PieceCount, 0, options.MaximumPieces);
        }
    }
}
