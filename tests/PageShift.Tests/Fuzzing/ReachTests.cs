using PageShift.Calls;
using PageShift.Moving;
using PageShift.Tests.Lockstep;
using PageShift.Verification;
using Xunit;

namespace PageShift.Tests.Fuzzing;

public sealed class ReachTests
{
    [Fact]
    public void Dump()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        var reach = new CallReach();
        for (ulong seed = 1; seed <= 2000; seed++)
            Run(factory, seed, reach);
        File.WriteAllLines("/tmp/fz-out/reach.txt", reach.Counts.Select(one => $"{one.Value.Succeeded,7} {one.Value.Failed,7} {one.Key}"));
    }

    private static void Run(LockstepFactory factory, ulong seed, CallReach reach)
    {
        var generator = new CallGenerator(seed);
        using PageShift.Verification.Lockstep lockstep = factory.Begin(MovePolicy.PageShift, CallGenerator.FirstProcess);
        for (int i = 0; i < 50; i++)
        {
            CallRecord call = generator.Next(lockstep.LastState);
            var before = new SpaceSnapshot();
            before.Mappings.AddRange(lockstep.LastState.Mappings);
            before.Pages.AddRange(lockstep.LastState.Pages);
            if (lockstep.Step(call) is not null)
                return;
            generator.Note(call, lockstep.LastResult);
            if (lockstep.LastResult is { } result)
                reach.Add(call with { Outcome = CallOutcome.OfResult(result) }, before);
        }
    }
}
