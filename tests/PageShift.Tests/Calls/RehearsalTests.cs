using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>A rehearsal of a call tells what it would return, and changes nothing.</summary>
public sealed class RehearsalTests
{
    private const int Calls = 400;
    private const ulong LongestQuestion = (ulong)CallData.VectorBytes << PageSize.Shift;

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void A_rehearsal_returns_what_the_call_then_returns(ulong batch)
    {
        int failed = 0;
        for (ulong seed = batch * 25; seed < (batch + 1) * 25; seed++)
            failed += Run(seed, LockstepSurroundings.Default);
        Assert.True(failed > 1000, $"{failed} calls failed");
    }

    [Fact]
    public void It_knows_how_many_mappings_there_are_elsewhere()
    {
        using var space = new AddressSpace(new AddressSpaceOptions { MaximumMapCount = 12 });
        using var target = new EngineTarget(space);
        var process = new LogProcess(target, follower: null);
        for (ulong i = 0; i < 12; i++)
            Assert.False(space.Map(new VirtualAddress(0x1000_0000 + (i * 0x10000)), new ByteLength(12288), Protection.Read, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError);
        var hole = new SystemCall(SystemCallNumber.Unmap, new CallArguments(0x1000_1000, 4096));
        var end = new SystemCall(SystemCallNumber.Unmap, new CallArguments(0x1000_2000, 4096));

        Assert.Equal(Errno.OutOfMemory, process.Rehearse(hole, hole.Description!, null).Error);
        Assert.Equal(CallResult.Success, process.Rehearse(end, end.Description!, null));
        Assert.Equal(Errno.OutOfMemory, target.Execute(hole).Result.Error);
    }

    [Fact]
    public void It_knows_the_limits_and_what_counts_against_them()
    {
        using var target = new EngineTarget(new AddressSpace(new AddressSpaceOptions { IsPrivileged = false }));
        var process = new LogProcess(target, follower: null);
        _ = target.Space.Map(new VirtualAddress(0x1000_0000), new ByteLength(1 << 20), Protection.Read, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        _ = target.Space.Map(new VirtualAddress(0x2000_0000), new ByteLength(8192), Protection.Read, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        _ = target.Space.Lock(new VirtualAddress(0x1000_0000), new ByteLength(1 << 20));
        target.Space.Limits = new ResourceLimits { Locked = new ByteLength((1 << 20) + 4096), AddressSpace = new ByteLength((1 << 20) + 8192) };
        var locks = new SystemCall(SystemCallNumber.Lock, new CallArguments(0x2000_0000, 8192));
        var map = new SystemCall(SystemCallNumber.Map, new CallArguments(0, 4096, 1, (ulong)(MapFlags.Private | MapFlags.Anonymous), ulong.MaxValue));

        Assert.Equal(Errno.OutOfMemory, process.Rehearse(locks, locks.Description!, null).Error);
        Assert.Equal(CallResult.Success, process.Rehearse(locks, locks.Description!, Capabilities.All));
        Assert.Equal(Errno.OutOfMemory, process.Rehearse(map, map.Description!, null).Error);
        Assert.Equal(256UL, target.Space.LockedPages.Value);
    }

    /// <summary>Runs random calls, each of them after its rehearsal. Returns how many failed.</summary>
    private static int Run(ulong seed, LockstepSurroundings surroundings)
    {
        int failed = 0;
        using var memory = new PhysicalMemory();
        using var engine = new EngineSide(surroundings, memory, MovePolicy.PageShift, CallGenerator.FirstProcess);
        var generator = new CallGenerator(seed);
        var state = new SpaceSnapshot();
        var before = new SpaceSnapshot();
        for (int i = 0; i < Calls; i++)
        {
            CallRecord record = generator.Next(state);
            CallResult? rehearsed = null;
            if (record.Call.Description is { } description && !(record.Call.Number == SystemCallNumber.InCore && record.Call.Arguments.Third == 0) && engine.SpaceOf(record.ThreadId) is { } space)
            {
                _ = engine.Observe(record.ThreadId, before, withFlags: true);
                rehearsed = Rehearse(space, record.Call, description);
                _ = engine.Observe(record.ThreadId, state, withFlags: true);
                Assert.Equal(before.Mappings, state.Mappings);
                Assert.Equal(before.Pages, state.Pages);
            }

            if (record.Call.Number == SystemCallNumber.InCore && record.Call.Arguments.Second > LongestQuestion)
                continue;
            CallAnswer answer = engine.Execute(record);
            if (rehearsed is { } result)
            {
                Assert.True(result == answer.Result, $"seed {seed}, call {i}: {record.Call}: {result} in the rehearsal, then {answer.Result}");
                failed += result.IsError ? 1 : 0;
            }

            generator.Note(record, answer.IsMade ? answer.Result : null);
            _ = engine.Observe(CallGenerator.FirstProcess, state, withFlags: true);
        }

        engine.Verify();
        return failed;
    }

    private static CallResult Rehearse(AddressSpace space, in SystemCall call, SystemCallDescription description)
    {
        // No target: the space goes with the engine's side.
        return LogProcess.Rehearse(space, call, description, capabilities: null);
    }
}
