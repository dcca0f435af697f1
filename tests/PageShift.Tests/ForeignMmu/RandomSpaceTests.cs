using CsCheck;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Tests.Model;
using Xunit;

namespace PageShift.Tests.ForeignMmu;

/// <summary>Spaces that random calls have built, parents and children by fork, before and after random moves: QEMU's processor must find in their tables what the engine does.</summary>
public sealed class RandomSpaceTests
{
    private const int Sequences = 15;
    private const int Steps = 60;
    private const int Moves = 16;
    private const ulong FixedSeed = 20230325;

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Another_processor_reads_writes_and_faults_as_the_engine_does(int levels)
    {
        Guest.OrSkip();
        var totals = new WalkTotals();
        ulong seed = ModelRun.Factor > 1 ? (ulong)Random.Shared.NextInt64() : FixedSeed;
        for (int sequence = 0; sequence < Sequences * ModelRun.Factor; sequence++)
        {
            MovePolicy policy = MovePolicyName.All[sequence % MovePolicyName.All.Count];
            if (RunSequence(levels, policy, new PCG((uint)sequence, seed), totals) is { } failure)
                Assert.Fail($"Sequence {sequence} of seed {seed}, {MovePolicyName.Of(policy)}: {failure}");
        }

        // Each sort of access that the tables can lead to has been there.
        string[] sorts =
        [
            "Read at Pte", "Write at Pte", "Execute at Pte", "Read error 0x4", "Write error 0x6", "Write error 0x7", "Execute error 0x14", "Execute error 0x15",
            "Read vector 13", "Write vector 13", "Execute vector 13",
        ];
        foreach (string sort in sorts)
            Assert.True(totals[sort] > 0, $"No '{sort}' in\n{totals}");
    }

    private static string? RunSequence(int levels, MovePolicy policy, PCG random, WalkTotals totals)
    {
        PagingGeometry geometry = levels == PagingGeometry.MaximumLevels ? PagingGeometry.X86FiveLevel : PagingGeometry.X86;
        using var world = new ModelWorld(geometry, policy, arena: WalkCheck.NewArena());
        string? failure;
        try
        {
            Take(world, random, Steps, _ => true);
            failure = Check(world, random, totals) is { } before ? $"before the moves, {before}" : null;
            if (failure is null)
            {
                Take(world, random, Moves, step => step.Kind is SystemCallNumber.Remap or PseudoCall.RelocateDown);
                failure = Check(world, random, totals);
            }
        }
        catch (Exception cause)
        {
            failure = cause.ToString();
        }

        return failure is null ? null : $"{failure}\n{world.Log}";
    }

    private static void Take(ModelWorld world, PCG random, int count, Predicate<ModelStep> isWanted)
    {
        for (int taken = 0; taken < count;)
        {
            ModelStep step = ModelStep.Gen.Generate(random, null, out _);
            if (!isWanted(step))
                continue;
            taken++;
            if (world.Resolve(step) is { } call)
                world.Run(call);
        }
    }

    private static string? Check(ModelWorld world, PCG random, WalkTotals totals)
    {
        using var check = new WalkCheck(world.Memory, new Random((int)random.Next()));
        foreach (ModelProcess process in world.Processes)
            check.Add(process.Space, process.Processor);
        check.Prepare();
        string? failure = check.Run();
        check.Undo();
        totals.AddAll(check.Totals);
        return failure;
    }
}
