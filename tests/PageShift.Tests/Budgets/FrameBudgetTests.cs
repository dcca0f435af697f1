using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Budgets;

/// <summary>Frames and tables: what is taken comes back, and comes again in the order in which it was first handed out, so that runs stay runs.</summary>
public class FrameBudgetTests
{
    private const ulong Start = 1UL << 32;
    private const ulong Length = 64UL << 20;
    private const MapFlags Populated = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate;

    [Fact]
    public void Populating_again_takes_the_same_frames_and_tables()
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        Populate(space);
        ulong[] first = Frames(space);
        ulong tables = memory.TableFrames;
        for (int round = 0; round < 3; round++)
        {
            Assert.False(space.Unmap(new VirtualAddress(Start), new ByteLength(Length)).IsError);
            Assert.Equal(0UL, memory.DataFrames);
            Assert.Equal(1UL, memory.TableFrames);
            Populate(space);
            Assert.Equal(tables, memory.TableFrames);
        }

        Assert.Equal(first.Order(), Frames(space).Order());
    }

    [Fact]
    public void Frames_of_a_populated_range_follow_one_another_also_after_a_part_was_dropped()
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        Populate(space);
        Assert.Equal(Length >> PageSize.Shift, RunLength(Frames(space)));

        var middle = new VirtualAddress(Start + (100 * PageSize.Bytes));
        var part = new ByteLength(300 * PageSize.Bytes);
        Assert.False(space.Advise(middle, part, Advice.DontNeed).IsError);
        Assert.False(space.Advise(middle, part, Advice.PopulateWrite).IsError);
        Assert.Equal(Length >> PageSize.Shift, RunLength(Frames(space)));
    }

    [Fact]
    public void A_frame_that_is_shared_stays_when_the_run_around_it_goes()
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        Populate(space);
        using AddressSpace child = space.Fork();
        Assert.False(child.Advise(new VirtualAddress(Start), new ByteLength(Length), Advice.DontNeed).IsError);
        Assert.Equal(Length >> PageSize.Shift, memory.DataFrames);
        Assert.False(space.Unmap(new VirtualAddress(Start), new ByteLength(Length / 2)).IsError);
        Assert.Equal(Length / 2 >> PageSize.Shift, memory.DataFrames);
        AddressSpace.VerifyAll([space, child], []);
    }

    private static void Populate(AddressSpace space) =>
        Assert.False(space.Map(new VirtualAddress(Start), new ByteLength(Length), Protection.Read | Protection.Write, Populated).IsError);

    private static ulong[] Frames(AddressSpace space) =>
        [.. space.GetLeaves(new AddressRange(new VirtualAddress(Start), new ByteLength(Length))).Select(leaf => leaf.Entry.Frame.Value)];

    private static ulong RunLength(ulong[] frames)
    {
        ulong length = 1;
        while (length < (ulong)frames.Length && frames[length] == frames[0] + length)
            length++;
        return length;
    }
}
