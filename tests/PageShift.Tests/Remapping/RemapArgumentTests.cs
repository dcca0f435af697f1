using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.SystemCalls;
using Xunit;

namespace PageShift.Tests.Remapping;

/// <summary>What mremap refuses, in the kernel's order (docs/linux-rules.md section 6).</summary>
public sealed class RemapArgumentTests : IDisposable
{
    private readonly RemapWorld _world = new();

    public RemapArgumentTests() => _world.MapFilled(0, 4);

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(0UL, 4096UL, 4096UL, 8UL, 0UL)] // unknown flag
    [InlineData(1UL, 4096UL, 4096UL, 1UL, 0UL)] // unaligned
    [InlineData(0UL, 4096UL, 0UL, 1UL, 0UL)] // no new length
    [InlineData(0UL, 4096UL, 0xffff_ffff_ffff_f001UL, 1UL, 0UL)] // new length wraps to 0
    [InlineData(0UL, 4096UL, 0x8000_0000_0000UL, 1UL, 0UL)] // new length beyond user space
    [InlineData(0UL, 4096UL, 4096UL, 3UL, 0x7fff_ffff_f000UL)] // destination ends beyond user space
    [InlineData(0UL, 4096UL, 4096UL, 3UL, 0xffff_ffff_ffff_f000UL)] // and wraps
    [InlineData(0UL, 4096UL, 4096UL, 3UL, 0x20_0000_0001UL)] // destination unaligned
    [InlineData(0UL, 4096UL, 4096UL, 2UL, 0x20_0000_0000UL)] // FIXED without MAYMOVE
    [InlineData(0UL, 4096UL, 4096UL, 4UL, 0x20_0000_0000UL)] // DONTUNMAP without MAYMOVE
    [InlineData(0UL, 4096UL, 8192UL, 5UL, 0x20_0000_0000UL)] // DONTUNMAP with two lengths
    [InlineData(0UL, 8192UL, 8192UL, 3UL, 0x10_0000_1000UL)] // overlap
    [InlineData(0UL, 8192UL, 8192UL, 5UL, 0x10_0000_1000UL)] // overlap of a DONTUNMAP hint
    public void Bad_arguments_are_EINVAL_and_change_nothing(ulong offset, ulong oldLength, ulong newLength, ulong flags, ulong to)
    {
        long result = _world.Space.Invoke((long)SystemCallNumber.Remap, RemapWorld.Base + offset, oldLength, newLength, flags, to, 0);

        Assert.Equal(-(long)Errno.InvalidArgument, result);
        Assert.Equal("0-4", _world.Layout());
        _world.AssertStamps(0, 4, 0);
    }

    [Fact]
    public void Nothing_mapped_is_EFAULT()
    {
        Assert.Equal(Errno.BadAddress, _world.Remap(8, 1, 1, RemapWorld.Move).Error);
        Assert.Equal(Errno.BadAddress, _world.Remap(8, 1, 1, RemapWorld.Fixed, 100).Error);
    }

    [Fact]
    public void A_shrink_that_reaches_beyond_user_space_is_EINVAL()
    {
        long result = _world.Space.Invoke((long)SystemCallNumber.Remap, RemapWorld.Base, 0xffff_ffff_ffff_0000, 4096, 0, 0, 0);

        Assert.Equal(-(long)Errno.InvalidArgument, result);
    }

    [Fact]
    public void Growing_what_reaches_over_the_end_of_its_mapping_is_EFAULT()
    {
        Assert.Equal(Errno.BadAddress, _world.Remap(2, 3, 5, RemapWorld.Move).Error);
    }

    [Fact]
    public void Old_length_0_of_private_memory_is_EINVAL()
    {
        Assert.Equal(Errno.InvalidArgument, _world.Remap(0, 0, 2, RemapWorld.Move).Error);
    }

    [Fact]
    public void Sealed_memory_is_EPERM_before_its_lengths_are_looked_at()
    {
        Assert.Equal(0, _world.Space.Invoke((long)SystemCallNumber.Seal, RemapWorld.Base, 4096 * 4, 0, 0, 0, 0));

        Assert.Equal(Errno.OperationNotPermitted, _world.Remap(0, 9, 10, RemapWorld.Move).Error);
        Assert.Equal(Errno.OperationNotPermitted, _world.Remap(0, 1, 1, RemapFlags.None).Error);
    }

    [Fact]
    public void A_fixed_move_near_the_map_count_limit_is_ENOMEM_even_before_EFAULT()
    {
        using var world = new RemapWorld(new AddressSpaceOptions { MaximumMapCount = 10 });
        for (ulong i = 0; i < 5; i++)
            world.MapFilled(i * 2, 1);

        Assert.Equal(Errno.OutOfMemory, world.Remap(500, 1, 1, RemapWorld.Fixed, 100).Error);
        Assert.Equal(RemapWorld.At(0), world.Remap(0, 1, 1, RemapWorld.Move).Address);
    }
}
