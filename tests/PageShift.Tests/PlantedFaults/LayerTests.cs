using PageShift.AddressSpaces;
using PageShift.Tests.Lockstep;
using PageShift.Verification.Lockstep;
using PageShift.Verification.Oracle;
using Xunit;

namespace PageShift.Tests.PlantedFaults;

/// <summary>Random moves, each judged by one layer alone, so that it can be told which layer catches which fault. With the sound engine all of them pass.</summary>
public sealed class LayerTests
{
    [Fact]
    public void The_mover_finds_nothing_amiss_itself() => MovedSpace.Run((_, failure) =>
    {
        if (failure is not null)
            throw failure;
    });

    [Fact]
    public void The_invariants_of_tables_and_mappings_hold() => MovedSpace.Run((space, failure) =>
    {
        if (failure is not null)
            return;
        space.Forget();
        AddressSpace.VerifyAll([space.Space], []);
    });

    [Fact]
    public void No_processor_remembers_what_the_tables_do_not_hold() => MovedSpace.Run((space, failure) =>
    {
        if (failure is null)
            space.Processor.Verify();
    });

    [Fact]
    public void The_oracle_agrees() => MovedSpace.Run((space, failure) =>
    {
        if (failure is null)
            OracleComparison.Check(space.Space, space.Oracle);
    });

    [Fact]
    public void What_was_planned_is_what_was_done() => MovedSpace.Run(
        (space, failure) =>
        {
            if (failure is OracleMismatchException)
                throw failure;
            if (failure is null)
                space.Watch.EndCall(space.Result is { IsError: false });
        },
        isWatched: true);

    [Fact]
    public void The_running_kernel_agrees()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        Assert.SkipUnless(factory.Surroundings.TransparentHugePages, "Large pages are switched off.");
        Assert.Null(MovedProcess.Run(factory)?.ToString());
    }
}
