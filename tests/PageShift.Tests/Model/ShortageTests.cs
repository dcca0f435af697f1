using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using PageShift.Verification.Oracle;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>Physical memory runs out at every allocation of every call.</summary>
public sealed class ShortageTests
{
    private const ulong Block = 2UL << 20;
    private const ulong Home = 4UL << 30;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    public static TheoryData<MovePolicy> Policies => [.. MovePolicyName.All];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Calls_that_take_all_or_nothing_leave_everything_as_it_was_on_x86(MovePolicy policy) =>
        ModelRun.Sample(25, 50, steps => RunSteps(PagingGeometry.X86, policy, steps));

    [Theory]
    [MemberData(nameof(Policies))]
    public void Calls_that_take_all_or_nothing_leave_everything_as_it_was_in_small_worlds(MovePolicy policy)
    {
        foreach ((int levels, int bits) in new[] { (3, 1), (3, 2), (4, 2) })
            ModelRun.Sample(30, 60, steps => RunSteps(PagingGeometry.Toy(levels, bits), policy, steps));
    }

    public static TheoryData<string, MovePolicy> LargeLeafCases
    {
        get
        {
            var data = new TheoryData<string, MovePolicy>();
            foreach (string name in new[] { "munmap", "mprotect", "DONTNEED", "remap", "remap up", "relocate", "fork", "write after fork" })
            {
                foreach (MovePolicy policy in MovePolicyName.All)
                    data.Add(name, policy);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(LargeLeafCases))]
    public void A_call_that_cuts_large_leaves_fails_whole_until_there_is_memory(string name, MovePolicy policy)
    {
        using var world = new ModelWorld(PagingGeometry.X86, policy);
        const ulong Length = 6 * Block;
        world.Run(Call(SystemCallNumber.Map, Home, Length, (ulong)ReadWrite, (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed), ulong.MaxValue));
        world.Run(Call(SystemCallNumber.Advise, Home, Length, (ulong)Advice.HugePage));
        for (ulong at = Home; at < Home + Length; at += Block / 2)
            world.Run(Call(PseudoCall.MemorySet, at, 0, PageSize.Bytes));
        Assert.All(world.Processes[0].Space.GetLeaves(new AddressRange(new VirtualAddress(Home), new ByteLength(Length))), leaf => Assert.Equal(PageTableLevel.Pmd, leaf.Level));

        const ulong Cut = Home + PageSize.Bytes;
        const ulong Half = Home + (Block / 2);
        const ulong Fixed = (ulong)(RemapFlags.MayMove | RemapFlags.Fixed);
        ModelCall call = name switch
        {
            "munmap" => Call(SystemCallNumber.Unmap, Cut, 4 * Block),
            "mprotect" => Call(SystemCallNumber.Protect, Cut, 4 * Block, (ulong)Protection.Read),
            "DONTNEED" => Call(SystemCallNumber.Advise, Cut, 4 * Block, (ulong)Advice.DontNeed),
            "remap" => Call(SystemCallNumber.Remap, Half, 4 * Block, 4 * Block, Fixed, Home - (8 * Block)),
            "remap up" => Call(SystemCallNumber.Remap, Half, 4 * Block, 4 * Block, Fixed, Half + (1UL << 30)),
            "relocate" => Call(PseudoCall.RelocateDown, Home, Length, Block + (3 * PageSize.Bytes)),
            _ => Call(SystemCallNumber.Clone),
        };
        int failures = world.RunShortOfMemory(call);
        if (name == "write after fork")
            failures = world.RunShortOfMemory(Call(PseudoCall.MemorySet, Cut, 0, PageSize.Bytes));

        Assert.True(failures > 0);
    }

    /// <summary>Populating has no way back: what it brought in stays, a first part of the range, and all else is as it was.</summary>
    [Theory]
    [InlineData("mmap")]
    [InlineData("MADV_POPULATE_WRITE")]
    [InlineData("MADV_POPULATE_READ")]
    [InlineData("object")]
    [InlineData("guards")]
    public void Populating_without_memory_stops_where_it_is(string name)
    {
        const ulong Length = (Block / 2) + Block;
        ulong start = Home + Block - (5 * PageSize.Bytes);
        bool wasComplete = false;
        for (int allowed = 0; !wasComplete; allowed += allowed < 12 ? 1 : 97)
        {
            using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 64 * Block });
            using var space = new AddressSpace(memory);
            var range = new AddressRange(new VirtualAddress(start), new ByteLength(Length));
            MapFlags flags = (name == "object" ? MapFlags.Shared : MapFlags.Private) | MapFlags.Anonymous | MapFlags.Fixed;
            if (name != "mmap")
                Assert.False(space.Map(range.Start, range.Length, ReadWrite, flags).IsError);

            memory.AllocationsUntilFailure = allowed;
            CallResult result = name switch
            {
                "mmap" => space.Map(range.Start, range.Length, ReadWrite, flags | MapFlags.Populate),
                "MADV_POPULATE_READ" => space.Advise(range.Start, range.Length, Advice.PopulateRead),
                "guards" => space.Advise(range.Start, range.Length, Advice.GuardInstall),
                _ => space.Advise(range.Start, range.Length, Advice.PopulateWrite),
            };
            memory.AllocationsUntilFailure = -1;

            AddressSpace.VerifyAll([space], []);
            VirtualAddress[] there = [.. space.GetLeaves(range).Select(leaf => leaf.Start)];
            Assert.Equal(Enumerable.Range(0, there.Length).Select(page => new VirtualAddress(start + ((ulong)page * PageSize.Bytes))), there);
            wasComplete = (ulong)there.Length == range.Length.WholePages.Value;
            Assert.Equal(wasComplete || name == "mmap" ? Errno.None : Errno.OutOfMemory, result.Error);
            if (name != "guards")
                Assert.Equal(AccessFault.None, space.TryWrite(range.Start, PageOfOnes(), out _)); // it goes on where it stopped
        }
    }

    private static byte[] PageOfOnes()
    {
        byte[] bytes = new byte[PageSize.Bytes];
        PageStamp.Fill(bytes, ulong.MaxValue);
        return bytes;
    }

    private static ModelCall Call(SystemCallNumber kind, ulong first = 0, ulong second = 0, ulong third = 0, ulong fourth = 0, ulong fifth = 0) =>
        new(0, kind, new CallArguments(first, second, third, fourth, fifth), IsTyped: true);

    private static ModelFailure? RunSteps(PagingGeometry geometry, MovePolicy policy, ModelStep[] steps)
    {
        using var world = new ModelWorld(geometry, policy);
        try
        {
            foreach (ModelStep step in steps)
            {
                if (world.Resolve(step) is { } call)
                    world.RunShortOfMemory(call);
            }

            return null;
        }
        catch (Exception cause)
        {
            return new ModelFailure(cause, world.Log);
        }
    }
}
