using PageShift.Abi;
using PageShift.Moving;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Remapping;

/// <summary>The stack move of execve.</summary>
public sealed class RelocateDownTests : IDisposable
{
    private readonly RemapWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(MovePolicy.Linux420, 1UL)]
    [InlineData(MovePolicy.Linux420, 512UL)]
    [InlineData(MovePolicy.Linux50, 512UL)]
    [InlineData(MovePolicy.Linux511, 300UL)]
    [InlineData(MovePolicy.Linux67, 512UL)]
    [InlineData(MovePolicy.PageShift, 1UL)]
    [InlineData(MovePolicy.PageShift, 512UL)]
    [InlineData(MovePolicy.PageShift, 1024UL)]
    [InlineData(MovePolicy.PageShift, 2000UL)]
    public void A_move_down_onto_itself_keeps_every_page(MovePolicy policy, ulong shift)
    {
        const ulong Start = 8191;
        const ulong Count = 1537;
        _world.Space.Policy = policy;
        _world.MapFilled(Start, Count);

        CallResult result = _world.Space.RelocateDown(RemapWorld.At(Start), RemapWorld.Pages(Count), RemapWorld.Pages(shift));

        _world.Space.Verify();
        Assert.Equal(RemapWorld.At(Start - shift), result.Address);
        Assert.Equal($"{Start - shift}-{Start - shift + Count}", _world.Layout());
        _world.AssertStamps(Start - shift, Count, Start);
        Assert.Equal(AccessFault.NotMapped, _world.Peek(Start + Count - 1));
    }

    [Fact]
    public void A_mapping_in_the_way_is_EFAULT()
    {
        _world.MapFilled(100, 4);
        _world.MapFilled(97, 1);

        Assert.Equal(Errno.BadAddress, _world.Space.RelocateDown(RemapWorld.At(100), RemapWorld.Pages(4), RemapWorld.Pages(3)).Error);
        _world.AssertStamps(100, 4, 100);
    }

    [Theory]
    [InlineData(100UL, 3UL)]
    [InlineData(101UL, 3UL)]
    public void Only_a_whole_mapping_is_moved(ulong page, ulong count)
    {
        _world.MapFilled(100, 4);

        Assert.Equal(Errno.BadAddress, _world.Space.RelocateDown(RemapWorld.At(page), RemapWorld.Pages(count), RemapWorld.Pages(1)).Error);
    }

    [Theory]
    [InlineData(1UL, 4096UL, 4096UL)]
    [InlineData(0UL, 0UL, 4096UL)]
    [InlineData(0UL, 4096UL, 0UL)]
    [InlineData(0UL, 4096UL, 0xffff_ffff_ffff_f000UL)]
    public void Bad_arguments_are_EINVAL(ulong offset, ulong length, ulong shift)
    {
        _world.MapFilled(0, 1);

        Assert.Equal(Errno.InvalidArgument, _world.Space.RelocateDown(new VirtualAddress(RemapWorld.Base + offset), new ByteLength(length), new ByteLength(shift)).Error);
    }
}
