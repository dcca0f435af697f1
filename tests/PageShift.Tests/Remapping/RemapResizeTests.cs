using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Remapping;

/// <summary>Shrinking, growing in place and growing by moving.</summary>
public sealed class RemapResizeTests : IDisposable
{
    private readonly RemapWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void MAYMOVE_alone_never_moves_what_needs_no_room()
    {
        _world.MapFilled(0, 4);

        Assert.Equal(RemapWorld.At(1), _world.Remap(1, 9, 9, RemapWorld.Move).Address); // whatever follows is not looked at
        Assert.Equal("0-4", _world.Layout());
    }

    [Fact]
    public void Shrinking_unmaps_the_tail_across_mappings_and_holes()
    {
        _world.MapFilled(0, 4);
        _world.MapEmpty(6, 2, Protection.Read);

        Assert.Equal(RemapWorld.At(0), _world.Remap(0, 7, 2, RemapFlags.None).Address);

        Assert.Equal("0-2 7-8", _world.Layout());
        _world.AssertStamps(0, 2, 0);
        Assert.Equal(AccessFault.NotMapped, _world.Peek(2));
    }

    [Fact]
    public void Growing_in_place_extends_the_mapping_from_anywhere_inside()
    {
        _world.MapFilled(0, 4);

        Assert.Equal(RemapWorld.At(2), _world.Remap(2, 2, 5, RemapFlags.None).Address);

        Assert.Equal("0-7", _world.Layout());
        Assert.Equal([0UL, 0, 0], _world.Stamps(4, 3));
    }

    [Fact]
    public void Growing_without_room_and_without_MAYMOVE_is_ENOMEM()
    {
        _world.MapFilled(0, 2);
        _world.MapEmpty(2, 1, Protection.Read);

        Assert.Equal(Errno.OutOfMemory, _world.Remap(0, 2, 3, RemapFlags.None).Error);
        Assert.Equal(Errno.OutOfMemory, _world.Remap(0, 1, 2, RemapFlags.None).Error); // not at its mapping's end
    }

    [Fact]
    public void Growing_without_room_moves_the_part_that_was_named_and_leaves_the_rest()
    {
        _world.MapFilled(0, 4);
        _world.MapEmpty(4, 1, Protection.Read);

        VirtualAddress moved = _world.Remap(0, 2, 4, RemapWorld.Move).Address;

        Assert.NotEqual(RemapWorld.At(0), moved);
        ulong page = (moved.Value - RemapWorld.Base) >> PageSize.Shift;
        Assert.Equal([1UL, 2, 0, 0], _world.Stamps(page, 4));
        _world.AssertStamps(2, 2, 2);
        Assert.Equal(AccessFault.NotMapped, _world.Peek(0));
    }

    [Fact]
    public void Growing_merges_with_the_neighbour_it_reaches()
    {
        _world.MapEmpty(0, 2);
        _world.MapEmpty(4, 2);

        Assert.Equal(RemapWorld.At(0), _world.Remap(0, 2, 4, RemapFlags.None).Address);

        Assert.Equal("0-6", _world.Layout());
    }

    [Fact]
    public void Old_length_0_makes_a_second_view_of_a_shared_mapping()
    {
        _world.MapEmpty(0, 4, flags: MapFlags.Shared | MapFlags.Anonymous);
        _world.Stamp(0, 4);

        VirtualAddress view = _world.Remap(1, 0, 2, RemapWorld.Move).Address;

        ulong page = (view.Value - RemapWorld.Base) >> PageSize.Shift;
        _world.AssertStamps(page, 2, 1);
        _world.AssertStamps(0, 4, 0);
        _world.Stamp(page, 1);
        Assert.Equal([page + 1], _world.Stamps(1, 1));
    }

    [Fact]
    public void Old_length_0_needs_MAYMOVE()
    {
        _world.MapEmpty(0, 4, flags: MapFlags.Shared | MapFlags.Anonymous);

        Assert.Equal(Errno.OutOfMemory, _world.Remap(0, 0, 2, RemapFlags.None).Error);
    }

    [Fact]
    public void Old_length_0_onto_the_source_itself_unmaps_it_and_is_EFAULT()
    {
        _world.MapEmpty(0, 2, flags: MapFlags.Shared | MapFlags.Anonymous);

        Assert.Equal(Errno.BadAddress, _world.Remap(0, 0, 2, RemapWorld.Fixed, 0).Error);
        Assert.Equal("", _world.Layout());
    }

    [Fact]
    public void Locked_memory_that_grows_is_populated()
    {
        _world.MapEmpty(0, 2, flags: MapFlags.Private | MapFlags.Anonymous | MapFlags.Locked);

        Assert.Equal(RemapWorld.At(0), _world.Remap(0, 2, 4, RemapFlags.None).Address);

        Assert.Equal(4, _world.Space.GetLeaves(new AddressRange(RemapWorld.At(0), RemapWorld.Pages(4))).Count);
        Assert.Equal(4UL, _world.Space.LockedPages.Value);
    }

    [Fact]
    public void RLIMIT_AS_stops_growth_even_where_it_could_move()
    {
        _world.MapFilled(0, 2);
        _world.Space.Limits = new ResourceLimits { AddressSpace = RemapWorld.Pages(3) };

        Assert.Equal(Errno.OutOfMemory, _world.Remap(0, 2, 4, RemapWorld.Move).Error);
        Assert.Equal(RemapWorld.At(0), _world.Remap(0, 2, 3, RemapWorld.Move).Address);
    }

    [Theory]
    [InlineData(3UL << 20, 2UL << 20)]
    [InlineData((1UL << 30) + (5UL << 20), 1UL << 30)]
    public void A_congruent_placement_is_chosen_when_the_choice_is_ours(ulong newLength, ulong span)
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory, new AddressSpaceOptions { Placement = PageShift.Moving.Placement.Congruent });
        VirtualAddress old = new(RemapWorld.Base + 0x123000);
        space.Map(old, new ByteLength(newLength - 4096), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate);
        space.Map(old + new ByteLength(newLength - 4096), new ByteLength(4096), Protection.Read, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);

        VirtualAddress moved = space.Remap(old, new ByteLength(newLength - 4096), new ByteLength(newLength), RemapFlags.MayMove).Address;

        Assert.Equal(old.Value & (span - 1), moved.Value & (span - 1));
        Assert.Empty(space.GetMappings(new AddressRange(moved.AlignDown(new ByteLength(span)), moved)));
        space.Verify();
    }
}
