using PageShift.Moving;
using PageShift.PageTables;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>Random calls on families of spaces, against the oracle that moves page by page: results, mappings, presence and every byte, after every call.</summary>
public sealed class EngineModelTests
{
    public static TheoryData<MovePolicy, Placement> Ways
    {
        get
        {
            var data = new TheoryData<MovePolicy, Placement>();
            foreach (MovePolicy policy in MovePolicyName.All)
                data.Add(policy, Placement.Linux);
            data.Add(MovePolicy.PageShift, Placement.Congruent);
            data.Add(MovePolicy.Linux67, Placement.Congruent);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_space_equals_its_oracle_after_every_call_on_x86(MovePolicy policy, Placement placement) =>
        ModelRun.Sample(60, 60, steps => RunSteps(PagingGeometry.X86, policy, placement, steps));

    [Theory]
    [InlineData(MovePolicy.Linux67)]
    [InlineData(MovePolicy.PageShift)]
    public void Every_space_equals_its_oracle_after_every_call_with_five_levels(MovePolicy policy) =>
        ModelRun.Sample(30, 60, steps => RunSteps(PagingGeometry.X86FiveLevel, policy, Placement.Linux, steps));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_space_equals_its_oracle_after_every_call_in_small_worlds(MovePolicy policy, Placement placement)
    {
        foreach ((int levels, int bits) in new[] { (3, 1), (2, 2), (3, 2), (4, 2), (5, 1) })
            ModelRun.Sample(60, 60, steps => RunSteps(PagingGeometry.Toy(levels, bits), policy, placement, steps));
    }

    private static ModelFailure? RunSteps(PagingGeometry geometry, MovePolicy policy, Placement placement, ModelStep[] steps)
    {
        using var world = new ModelWorld(geometry, policy, placement);
        try
        {
            foreach (ModelStep step in steps)
            {
                if (world.Resolve(step) is { } call)
                    world.Run(call);
            }

            return null;
        }
        catch (Exception cause)
        {
            return new ModelFailure(cause, world.Log);
        }
    }
}
