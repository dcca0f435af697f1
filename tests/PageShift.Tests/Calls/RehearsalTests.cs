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

    /// <summary>remap_file_pages over all of an attachment takes the last mapping of the segment away before it maps again, unless something else holds the segment.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    public void It_knows_what_holds_a_segment_elsewhere(bool isRemoved, int attachments)
    {
        using var target = new EngineTarget(new AddressSpace());
        var process = new LogProcess(target, follower: null);
        int identifier = (int)target.Execute(new SystemCall(SystemCallNumber.GetSegment, new CallArguments(0, 8192, 0x380))).Result.Raw;
        CallResult attached = default;
        for (int i = 0; i < attachments; i++)
            attached = target.Execute(new SystemCall(SystemCallNumber.AttachSegment, new CallArguments((ulong)identifier, 0, 0))).Result;
        if (isRemoved)
            Assert.Equal(CallResult.Success, target.Execute(new SystemCall(SystemCallNumber.ControlSegment, new CallArguments((ulong)identifier, 0, 0))).Result);
        var whole = new SystemCall(SystemCallNumber.RemapFilePages, new CallArguments(attached.Address.Value, 8192));
        ulong frames = target.Space.Memory.DataFrames;

        CallResult rehearsed = process.Rehearse(whole, whole.Description!, null);

        Assert.Equal(frames, target.Space.Memory.DataFrames);
        Assert.Equal(isRemoved && attachments == 1 ? Errno.InvalidArgument : Errno.None, rehearsed.Error);
        Assert.Equal(rehearsed, target.Execute(whole).Result);
    }

    /// <summary>The kernel writes mincore's vector, and extends a stack for it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_knows_the_stack_that_a_fault_would_extend(bool isGuarded)
    {
        using var target = new EngineTarget(new AddressSpace());
        var process = new LogProcess(target, follower: null);
        var stack = new VirtualAddress(0x4000_0000);
        const MapFlags Anonymous = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
        Assert.False(target.Space.Map(stack, new ByteLength(4096), Protection.Read | Protection.Write, Anonymous | MapFlags.GrowsDown).IsError);
        Assert.False(target.Space.Map(new VirtualAddress(0x1000_0000), new ByteLength(4096), Protection.Read, Anonymous).IsError);
        if (isGuarded)
            Assert.False(target.Space.Map(stack - new ByteLength(64 * 4096), new ByteLength(4096), Protection.Read, Anonymous).IsError);
        var call = new SystemCall(SystemCallNumber.InCore, new CallArguments(0x1000_0000, 4096, stack.Value - (16 * 4096)));

        CallResult rehearsed = process.Rehearse(call, call.Description!, null);

        Assert.Equal(isGuarded ? Errno.BadAddress : Errno.None, rehearsed.Error);
        Assert.Equal(rehearsed, target.Execute(call).Result);
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
