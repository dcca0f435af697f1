using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>Physical memory that runs out at each allocation of a fault in turn: the access fails, nothing has changed, and with memory it succeeds.</summary>
public class OutOfMemoryTests
{
    private const int Far = 1 << 27; // 512 GiB away: no table on the way is there yet

    public static TheoryData<string, int> Cases => new()
    {
        { "anonymous read", 3 },
        { "anonymous write", 4 },
        { "copy of the zero page", 1 },
        { "private page read", 3 + 1 + 1 },
        { "private page written", 3 + 1 + 1 + 1 },
        { "shared page written", 3 + 1 + 1 },
        { "page far into an object", 3 + 1 + 2 },
        { "copy of an object's page", 1 },
        { "copy after fork", 1 },
        { "copy out of a large page after fork", 1 + 1 },
        { "stack growth", 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fault_without_memory_changes_nothing(string name, int allocations)
    {
        using AccessWorld world = new();
        (VirtualAddress address, AccessKind access, AddressSpace? child) = Prepare(world, name);
        for (int permitted = 0; permitted < allocations; permitted++)
        {
            State before = StateOf(world, keepsMappings: name != "stack growth");
            world.Memory.AllocationsUntilFailure = permitted;
            Assert.Equal(AccessFault.OutOfMemory, world.Processor.TryTouch(address, access));
            world.Memory.AllocationsUntilFailure = -1;
            State after = StateOf(world, keepsMappings: name != "stack growth");
            Assert.Equal(before.Frames, after.Frames);
            Assert.Equal(before.Tables, after.Tables);
            Assert.Equal(before.Leaves, after.Leaves);
            Assert.Equal(before.Mappings, after.Mappings);
            AddressSpace.VerifyAll(child is null ? [world.Space] : [world.Space, child], []);
        }

        world.Memory.AllocationsUntilFailure = allocations;
        Assert.Equal(AccessFault.None, world.Processor.TryTouch(address, access));
        Assert.Equal(0, world.Memory.AllocationsUntilFailure);
        world.Memory.AllocationsUntilFailure = -1;
        AddressSpace.VerifyAll(child is null ? [world.Space] : [world.Space, child], []);
        child?.Dispose();
    }

    [Fact]
    public void A_large_page_that_cannot_be_had_gives_a_small_one_and_leaves_nothing_behind()
    {
        using AccessWorld world = new();
        world.Map(Far, Far + 512);
        world.Advise(Far, Far + 512, Advice.HugePage);
        world.Memory.AllocationsUntilFailure = 2; // the two tables above the large leaf, not the run
        Assert.Equal(AccessFault.OutOfMemory, world.Processor.TryWrite(Page(Far), 1));
        world.Memory.AllocationsUntilFailure = -1;
        Assert.Equal(0UL, world.Memory.DataFrames);
        world.Space.Verify();
        world.Processor.Write(Page(Far), 1);
        Assert.Equal("W", world.Draw(Far, Far + 1));
    }

    private static (VirtualAddress Address, AccessKind Access, AddressSpace? Child) Prepare(AccessWorld world, string name)
    {
        switch (name)
        {
            case "anonymous read":
            case "anonymous write":
                world.Map(Far, Far + 4);
                return (Page(Far + 1), name == "anonymous read" ? AccessKind.Read : AccessKind.Write, null);
            case "copy of the zero page":
                world.Map(0, 1);
                world.Processor.Read<int>(Page(0));
                return (Page(0), AccessKind.Write, null);
            case "private page read":
            case "private page written":
                world.Map(Far, Far + 4, file: world.NumberedFile(4));
                return (Page(Far + 1), name == "private page read" ? AccessKind.Read : AccessKind.Write, null);
            case "shared page written":
                world.Map(Far, Far + 4, extra: MapFlags.Shared);
                return (Page(Far + 1), AccessKind.Write, null);
            case "page far into an object":
                OpenFile file = world.MemoryFile(2000);
                world.Map(Far, Far + 4, extra: MapFlags.Shared, file: file, filePage: 1000);
                return (Page(Far + 1), AccessKind.Write, null);
            case "copy of an object's page":
                world.Map(0, 1, file: world.NumberedFile(4));
                world.Processor.Read<int>(Page(0));
                return (Page(0), AccessKind.Write, null);
            case "copy after fork":
            case "copy out of a large page after fork":
                world.Map(0, 512);
                if (name != "copy after fork")
                    world.Advise(0, 512, Advice.HugePage);
                world.Processor.Write(Page(0), 1);
                return (Page(0), AccessKind.Write, world.Space.Fork());
            case "stack growth":
                world.Map(500, 504, extra: MapFlags.GrowsDown);
                world.Processor.Write(Page(503), 1);
                return (Page(450), AccessKind.Write, null);
            default:
                throw new ArgumentOutOfRangeException(nameof(name), name, "No such case.");
        }
    }

    private static State StateOf(AccessWorld world, bool keepsMappings)
    {
        AddressRange all = new(VirtualAddress.Zero, world.Space.Geometry.UserLimit);
        return new State(
            world.Memory.DataFrames,
            world.Memory.TableFrames,
            [.. world.Space.GetLeaves(all).Where(leaf => !leaf.Entry.IsNone).Select(leaf => (leaf.Start, leaf.Level, leaf.Entry))],
            keepsMappings ? [.. world.Space.GetMappings()] : []);
    }

    private sealed record State(
        ulong Frames, ulong Tables, IReadOnlyList<(VirtualAddress Start, PageTableLevel Level, PageTableEntry Entry)> Leaves, IReadOnlyList<Mapping> Mappings);
}
