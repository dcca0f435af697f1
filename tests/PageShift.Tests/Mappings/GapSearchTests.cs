using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Mappings.MappingWorld;

namespace PageShift.Tests.Mappings;

public class GapSearchTests
{
    [Fact]
    public void An_empty_world_is_one_gap()
    {
        MappingTree tree = new();
        Assert.Equal(Page(8), tree.FindGapTopDown(Pages(2), Page(0), Page(10)));
        Assert.Equal(Page(0), tree.FindGapBottomUp(Pages(2), Page(0), Page(10)));
        Assert.Equal(Page(0), tree.FindGapTopDown(Pages(10), Page(0), Page(10)));
        Assert.Null(tree.FindGapTopDown(Pages(11), Page(0), Page(10)));
        Assert.Null(tree.FindGapBottomUp(Pages(11), Page(0), Page(10)));
        Assert.Null(tree.FindGapTopDown(Pages(1), Page(10), Page(10)));
        Assert.Null(tree.FindGapBottomUp(Pages(1), Page(10), Page(9)));
    }

    [Fact]
    public void Top_down_takes_the_top_of_the_highest_gap_that_is_large_enough()
    {
        MappingTree tree = TreeOf(Anonymous(10, 11), Anonymous(15, 16), Anonymous(18, 19));
        Assert.Equal(Page(19), tree.FindGapTopDown(Pages(1), Page(0), Page(20)));
        Assert.Equal(Page(16), tree.FindGapTopDown(Pages(2), Page(0), Page(20)));
        Assert.Equal(Page(12), tree.FindGapTopDown(Pages(3), Page(0), Page(20)));
        Assert.Equal(Page(5), tree.FindGapTopDown(Pages(5), Page(0), Page(20)));
        Assert.Equal(Page(0), tree.FindGapTopDown(Pages(10), Page(0), Page(20)));
        Assert.Null(tree.FindGapTopDown(Pages(11), Page(0), Page(20)));
    }

    [Fact]
    public void Bottom_up_takes_the_bottom_of_the_lowest_gap_that_is_large_enough()
    {
        MappingTree tree = TreeOf(Anonymous(1, 4), Anonymous(6, 8), Anonymous(11, 12));
        Assert.Equal(Page(0), tree.FindGapBottomUp(Pages(1), Page(0), Page(20)));
        Assert.Equal(Page(4), tree.FindGapBottomUp(Pages(2), Page(0), Page(20)));
        Assert.Equal(Page(8), tree.FindGapBottomUp(Pages(3), Page(0), Page(20)));
        Assert.Equal(Page(12), tree.FindGapBottomUp(Pages(8), Page(0), Page(20)));
        Assert.Null(tree.FindGapBottomUp(Pages(9), Page(0), Page(20)));
    }

    [Theory]
    [InlineData(4, 16, 3, 13)]
    [InlineData(4, 15, 3, 12)]
    [InlineData(4, 13, 3, 7)]
    [InlineData(8, 13, 3, null)]
    [InlineData(8, 14, 3, 11)]
    [InlineData(7, 10, 3, 7)]
    public void Limits_cut_the_gaps_they_lie_in(int low, int high, int length, int? expected)
    {
        MappingTree tree = TreeOf(Anonymous(2, 5), Anonymous(10, 11), Anonymous(16, 20));
        Assert.Equal(Placed(expected), tree.FindGapTopDown(Pages(length), Page(low), Page(high)));
    }

    [Theory]
    [InlineData(4, 16, 3, 5)]
    [InlineData(7, 16, 3, 7)]
    [InlineData(8, 16, 3, 11)]
    [InlineData(8, 13, 3, null)]
    [InlineData(17, 30, 3, 20)]
    [InlineData(25, 30, 5, 25)]
    [InlineData(26, 30, 5, null)]
    public void Limits_cut_the_gaps_they_lie_in_from_below_too(int low, int high, int length, int? expected)
    {
        MappingTree tree = TreeOf(Anonymous(2, 5), Anonymous(10, 11), Anonymous(16, 20));
        Assert.Equal(Placed(expected), tree.FindGapBottomUp(Pages(length), Page(low), Page(high)));
    }

    [Fact]
    public void The_guard_gap_below_a_mapping_that_grows_down_stays_free()
    {
        MappingTree tree = TreeOf(Anonymous(1000, 1010, ReadWrite | VmFlags.GrowsDown));
        Assert.Equal(Page(743), tree.FindGapTopDown(Pages(1), Page(0), Page(1000)));
        Assert.Equal(Page(1010), tree.FindGapBottomUp(Pages(1), Page(744), Page(2000)));
        Assert.Equal(Page(743), tree.FindGapBottomUp(Pages(1), Page(743), Page(2000)));
        Assert.Null(tree.FindGapTopDown(Pages(1), Page(744), Page(1000)));
    }

    // As 6.18 does: it looks only at the mapping right above a gap, and searches on below the guard gap when that
    // gap is long enough and lies in it.
    [Fact]
    public void A_top_down_search_that_meets_a_guard_gap_goes_on_below_it_whatever_else_is_free_there()
    {
        MappingTree tree = TreeOf(Anonymous(980, 990), Anonymous(992, 998), Anonymous(1000, 1010, ReadWrite | VmFlags.GrowsDown));
        Assert.Equal(Page(743), tree.FindGapTopDown(Pages(1), Page(0), Page(1000)));
        Assert.Equal(Page(977), tree.FindGapTopDown(Pages(3), Page(0), Page(1000)));
        Assert.Equal(Page(990), tree.FindCongruentGap(Pages(2), Page(0), Page(1000), ByteLength.Zero, PageSize.Length));
    }

    [Fact]
    public void A_guard_gap_comes_and_goes_with_the_flag()
    {
        MappingTree tree = TreeOf(Anonymous(0, 1), Anonymous(300, 310));
        Assert.Equal(Page(299), tree.FindGapTopDown(Pages(1), Page(0), Page(310)));
        tree.SetFlags(tree.Last, ReadWrite | VmFlags.GrowsDown);
        tree.Verify();
        Assert.Equal(Page(43), tree.FindGapTopDown(Pages(1), Page(0), Page(310)));
        tree.SetFlags(tree.Last, ReadWrite);
        tree.Verify();
        Assert.Equal(Page(299), tree.FindGapTopDown(Pages(1), Page(0), Page(310)));
    }

    [Fact]
    public void A_guard_gap_near_address_0_does_not_wrap()
    {
        MappingTree tree = new();
        Mapping stack = new(
            new AddressRange(new VirtualAddress(0x2000), new VirtualAddress(0x3000)), ReadWrite | VmFlags.GrowsDown, null, default, default);
        tree.Insert(stack);
        tree.Verify();
        Assert.Equal(VirtualAddress.Zero, tree.GuardedStartOf(tree.First));
        Assert.Null(tree.FindGapTopDown(Pages(1), VirtualAddress.Zero, new VirtualAddress(0x2000)));
    }

    [Theory]
    [InlineData(1, 8, 0, 16)]
    [InlineData(1, 8, 3, 19)]
    [InlineData(1, 8, 4, 4)]
    [InlineData(3, 8, 0, 16)]
    [InlineData(3, 8, 1, 17)]
    [InlineData(3, 8, 2, 2)]
    [InlineData(4, 16, 5, 5)]
    [InlineData(5, 16, 15, null)]
    public void A_congruent_gap_is_the_highest_at_its_residue(int length, int span, int residue, int? expected)
    {
        MappingTree tree = TreeOf(Anonymous(11, 14), Anonymous(15, 16));
        Assert.Equal(
            Placed(expected),
            tree.FindCongruentGap(Pages(length), Page(0), Page(20), Pages(residue), Pages(span)));
    }

    [Fact]
    public void A_length_that_is_not_some_whole_pages_is_refused()
    {
        MappingTree tree = new();
        Assert.Throws<ArgumentException>(() => tree.FindGapTopDown(new ByteLength(0), Page(0), Page(9)));
        Assert.Throws<ArgumentException>(() => tree.FindGapBottomUp(new ByteLength(100), Page(0), Page(9)));
    }

    private static VirtualAddress? Placed(int? page) => page is { } at ? Page(at) : null;
}
