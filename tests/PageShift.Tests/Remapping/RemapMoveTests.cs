using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Remapping;

/// <summary>Moves to a given address: what moves, what goes, what stays, and what failures leave behind.</summary>
public sealed class RemapMoveTests : IDisposable
{
    private readonly RemapWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(MovePolicy.Linux420)]
    [InlineData(MovePolicy.Linux50)]
    [InlineData(MovePolicy.Linux511)]
    [InlineData(MovePolicy.Linux67)]
    [InlineData(MovePolicy.PageShift)]
    public void A_fixed_move_takes_every_page_with_its_bytes(MovePolicy policy)
    {
        _world.Space.Policy = policy;
        _world.MapFilled(100, 1500);

        Assert.Equal(RemapWorld.At(4096 + 100), _world.Remap(100, 1500, 1500, RemapWorld.Fixed, 4096 + 100).Address);

        Assert.Equal("4196-5696", _world.Layout());
        _world.AssertStamps(4196, 1500, 100);
        Assert.Equal(AccessFault.NotMapped, _world.Peek(100));
    }

    [Fact]
    public void What_is_at_the_destination_goes()
    {
        _world.MapFilled(0, 2);
        _world.MapFilled(10, 4);

        _world.Remap(0, 2, 2, RemapWorld.Fixed, 11);

        Assert.Equal("10-11 11-13 13-14", _world.Layout());
        Assert.Equal([11UL, 1, 2, 14], _world.Stamps(10, 4));
    }

    [Fact]
    public void A_shrinking_move_takes_the_kept_part_and_unmaps_the_tail_over_mappings()
    {
        _world.MapFilled(0, 3);
        _world.MapEmpty(3, 3, Protection.Read);

        Assert.Equal(RemapWorld.At(20), _world.Remap(0, 5, 2, RemapWorld.Fixed, 20).Address);

        Assert.Equal("5-6 20-22", _world.Layout());
        _world.AssertStamps(20, 2, 0);
    }

    [Fact]
    public void A_growing_move_takes_what_is_there_and_adds_empty_pages()
    {
        _world.MapFilled(0, 2);

        Assert.Equal(RemapWorld.At(20), _world.Remap(0, 2, 4, RemapWorld.Fixed, 20).Address);

        Assert.Equal([1UL, 2, 0, 0], _world.Stamps(20, 4));
        Assert.Equal("20-24", _world.Layout());
    }

    [Fact]
    public void Several_mappings_move_together_and_keep_their_gaps()
    {
        _world.MapFilled(0, 2);
        _world.MapEmpty(2, 1, Protection.Read);
        _world.MapFilled(5, 2);
        _world.MapFilled(23, 1); // opposite the gap: not unmapped

        Assert.Equal(RemapWorld.At(20), _world.Remap(0, 7, 7, RemapWorld.Fixed, 20).Address);

        Assert.Equal("20-22 22-23 23-24 25-27", _world.Layout());
        _world.AssertStamps(20, 2, 0);
        _world.AssertStamps(23, 1, 23);
        _world.AssertStamps(25, 2, 5);
    }

    [Fact]
    public void A_gap_at_the_start_of_several_is_EFAULT()
    {
        _world.MapFilled(1, 2);

        Assert.Equal(Errno.BadAddress, _world.Remap(0, 3, 3, RemapWorld.Fixed, 20).Error);
        Assert.Equal("1-3", _world.Layout());
    }

    [Fact]
    public void A_failure_among_several_leaves_the_earlier_ones_moved()
    {
        _world.MapFilled(0, 1);
        _world.MapEmpty(1, 1, Protection.Read);
        _world.Space.Invoke((long)SystemCallNumber.Seal, RemapWorld.Base + 4096, 4096, 0, 0, 0, 0);

        Assert.Equal(Errno.OperationNotPermitted, _world.Remap(0, 2, 2, RemapWorld.Fixed, 20).Error);
        Assert.Equal("1-2 20-21", _world.Layout());
    }

    [Fact]
    public void DONTUNMAP_leaves_the_old_mapping_without_its_pages()
    {
        _world.MapFilled(0, 3);

        Assert.Equal(RemapWorld.At(20), _world.Remap(0, 3, 3, RemapWorld.Keep, 20).Address);

        Assert.Equal("0-3 20-23", _world.Layout());
        Assert.Equal([0UL, 0, 0], _world.Stamps(0, 3));
        _world.AssertStamps(20, 3, 0);
    }

    [Fact]
    public void DONTUNMAP_without_FIXED_takes_the_address_as_a_hint()
    {
        _world.MapFilled(0, 2);

        Assert.Equal(RemapWorld.At(30), _world.Remap(0, 2, 2, RemapFlags.MayMove | RemapFlags.DontUnmap, 30).Address);
    }

    [Fact]
    public void DONTUNMAP_over_RLIMIT_AS_loses_the_destination()
    {
        _world.MapFilled(0, 2);
        _world.MapFilled(20, 2);
        _world.Space.Limits = new ResourceLimits { AddressSpace = RemapWorld.Pages(3) };

        Assert.Equal(Errno.OutOfMemory, _world.Remap(0, 2, 2, RemapWorld.Keep, 20).Error);
        Assert.Equal("0-2", _world.Layout());
    }

    [Fact]
    public void Growth_over_RLIMIT_AS_fails_before_the_destination_is_touched()
    {
        _world.MapFilled(0, 2);
        _world.MapFilled(20, 2);
        _world.Space.Limits = new ResourceLimits { AddressSpace = RemapWorld.Pages(4) };

        Assert.Equal(Errno.OutOfMemory, _world.Remap(0, 2, 3, RemapWorld.Fixed, 20).Error);
        _world.AssertStamps(20, 2, 20);
    }

    [Fact]
    public void A_low_destination_is_EPERM_for_others_than_root_and_loses_what_was_there()
    {
        using var world = new RemapWorld(new AddressSpaceOptions { IsPrivileged = false });
        world.MapFilled(0, 1);

        CallResult result = world.Space.Remap(RemapWorld.At(0), RemapWorld.Pages(1), RemapWorld.Pages(1), RemapWorld.Fixed, VirtualAddress.Zero);

        Assert.Equal(Errno.OperationNotPermitted, result.Error);
        world.AssertStamps(0, 1, 0);
    }

    [Fact]
    public void Untouched_memory_starts_anew_at_its_destination_and_merges_there()
    {
        _world.MapEmpty(0, 2);
        _world.MapEmpty(20, 2);

        _world.Remap(0, 2, 2, RemapWorld.Fixed, 22);

        Assert.Equal("20-24", _world.Layout());
    }

    [Fact]
    public void Touched_memory_keeps_its_place_and_merges_only_back_home()
    {
        _world.MapFilled(0, 4);

        _world.Remap(2, 2, 2, RemapWorld.Fixed, 20);
        Assert.Equal("0-2 20-22", _world.Layout());
        _world.Remap(20, 2, 2, RemapWorld.Fixed, 2);

        Assert.Equal("0-4", _world.Layout());
        _world.AssertStamps(0, 4, 0);
    }

    [Fact]
    public void Locked_memory_stays_locked_where_it_goes()
    {
        _world.MapEmpty(0, 2, flags: MapFlags.Private | MapFlags.Anonymous | MapFlags.Locked);

        _world.Remap(0, 2, 2, RemapWorld.Fixed, 20);

        Assert.True(_world.Space.GetMappings()[0].Flags.HasFlag(VmFlags.Locked));
        Assert.Equal(2UL, _world.Space.LockedPages.Value);
    }

    [Fact]
    public void DONTUNMAP_of_locked_memory_unlocks_the_old_mapping_but_never_gives_its_count_back()
    {
        _world.MapEmpty(0, 2, flags: MapFlags.Private | MapFlags.Anonymous | MapFlags.Locked);

        _world.Remap(0, 2, 2, RemapWorld.Keep, 20);

        Assert.False(_world.Space.GetMappings()[0].Flags.HasFlag(VmFlags.Locked));
        Assert.Equal(4UL, _world.Space.LockedPages.Value);
    }

    [Fact]
    public void Guard_pages_move_with_their_mapping()
    {
        _world.MapFilled(0, 4);
        Assert.False(_world.Space.Advise(RemapWorld.At(1), RemapWorld.Pages(1), Advice.GuardInstall).IsError);

        _world.Remap(0, 4, 4, RemapWorld.Fixed, 20);

        Assert.Equal(AccessFault.GuardPage, _world.Peek(21));
        Assert.Equal([1UL], _world.Stamps(20, 1));
    }

    [Fact]
    public void A_large_page_moves_whole_where_aligned_and_is_split_where_not()
    {
        const ulong Aligned = 512 * 4;
        _world.MapEmpty(Aligned, 1024);
        Assert.False(_world.Space.Advise(RemapWorld.At(Aligned), RemapWorld.Pages(1024), Advice.HugePage).IsError);
        _world.Stamp(Aligned, 1024);

        _world.Remap(Aligned, 1024, 1024, RemapWorld.Fixed, 512 * 100);
        Assert.Equal(2, _world.Space.GetLeaves(new AddressRange(RemapWorld.At(512 * 100), RemapWorld.Pages(1024))).Count);
        _world.Remap(512 * 100, 1024, 1024, RemapWorld.Fixed, (512 * 200) + 1);

        Assert.Equal(1024, _world.Space.GetLeaves(new AddressRange(RemapWorld.At(512 * 200), RemapWorld.Pages(2048))).Count);
        _world.AssertStamps((512 * 200) + 1, 1024, Aligned);
    }
}
