using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Mappings.MappingWorld;

namespace PageShift.Tests.Mappings;

/// <summary>Splitting, and docs/linux-rules.md section 3 for a part of a mapping whose flags change.</summary>
public class MappingModifyTests
{
    private const int NoLimit = 65530;

    [Fact]
    public void A_split_gives_both_halves_flags_file_and_identity_and_the_upper_its_page_offset()
    {
        OpenFile file = MappingWorld.AnyFile();
        MappingTree tree = TreeOf(OfFile(0, 5, file, offset: 3, anon: A));
        MappingHandle low = tree.First;
        MappingHandle high = tree.Split(low, Page(2));
        Assert.Equal(OfFile(0, 2, file, offset: 3, anon: A), tree[low]);
        Assert.Equal(OfFile(2, 5, file, offset: 5, anon: A), tree[high]);
        tree.Verify();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_split_at_or_beyond_an_end_is_refused(int page)
    {
        MappingTree tree = TreeOf(Anonymous(0, 5));
        Assert.Throws<ArgumentException>(() => tree.Split(tree.First, Page(page)));
        Assert.Throws<ArgumentException>(() => tree.Split(tree.First, new VirtualAddress(Page(2).Value + 8)));
        Assert.Equal("0..5", Draw(tree));
    }

    [Fact]
    public void Of_a_mapping_that_is_counted_the_end_moves_and_the_whole_stays()
    {
        OpenFile counted = MappingWorld.CountedFile();
        MappingTree tree = TreeOf(OfFile(0, 2, counted, offset: 0), OfFile(2, 5, counted, offset: 2, flags: ReadWrite), OfFile(5, 6, counted, offset: 5));
        MappingHandle middle = tree.Next(tree.First);
        Assert.True(tree.TryModify(middle, Range(2, 3), ReadOnly, NoLimit, out _));
        Assert.Equal("0..3 3..5 5..6", Draw(tree));
        Assert.True(tree.TryModify(middle, Range(4, 5), ReadOnly, NoLimit, out _));
        Assert.Equal("0..3 3..4 4..6", Draw(tree));
        Assert.True(tree.TryModify(middle, Range(3, 4), ReadOnly, NoLimit, out MappingHandle changed));
        Assert.Equal("0..3 3..4 4..6", Draw(tree));
        Assert.Equal(ReadOnly, tree.FlagsOf(changed));
    }

    [Fact]
    public void Unchanged_flags_do_nothing_not_even_a_merge_that_has_become_possible()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(2, 4));
        Assert.Equal("0..2 2..4", Modified(tree, 2, 4, ReadWrite));
    }

    [Fact]
    public void A_changed_part_is_split_off_where_it_lies()
    {
        Assert.Equal("0..2 2..9", Modified(TreeOf(Anonymous(0, 9)), 0, 2, ReadOnly));
        Assert.Equal("0..7 7..9", Modified(TreeOf(Anonymous(0, 9)), 7, 9, ReadOnly));
        Assert.Equal("0..3 3..5 5..9", Modified(TreeOf(Anonymous(0, 9)), 3, 5, ReadOnly));
        Assert.Equal("0..9", Modified(TreeOf(Anonymous(0, 9)), 0, 9, ReadOnly));
    }

    [Fact]
    public void A_part_changed_back_merges_again()
    {
        MappingTree tree = TreeOf(Anonymous(0, 9, anon: A));
        Assert.Equal("0..3:1 3..5:1 5..9:1", Modified(tree, 3, 5, ReadOnly));
        Assert.Equal("0..9:1", Modified(tree, 3, 5, ReadWrite));
        Assert.Equal(Anonymous(0, 9, anon: A), tree[tree.First]);
    }

    [Fact]
    public void A_changed_beginning_moves_the_boundary_to_the_previous_mapping_up()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2, ReadOnly), Anonymous(2, 9));
        MappingHandle upper = tree.Last;
        Assert.Equal("0..5 5..9", Modified(tree, 2, 5, ReadOnly));
        Assert.Equal(Anonymous(5, 9), tree[upper]);
    }

    [Fact]
    public void A_changed_end_moves_the_boundary_to_the_next_mapping_down()
    {
        MappingTree tree = TreeOf(Anonymous(0, 7), Anonymous(7, 9, ReadOnly));
        MappingHandle lower = tree.First;
        Assert.Equal("0..5 5..9", Modified(tree, 5, 7, ReadOnly));
        Assert.Equal(Anonymous(0, 5), tree[lower]);
        Assert.Equal(Anonymous(5, 9, ReadOnly), tree[tree.Last]);
    }

    [Fact]
    public void A_changed_middle_merges_with_nothing() =>
        Assert.Equal("0..1 1..3 3..5 5..9 9..10", Modified(
            TreeOf(Anonymous(0, 1, ReadOnly), Anonymous(1, 9), Anonymous(9, 10, ReadOnly)), 3, 5, ReadOnly));

    // Identities of the previous mapping, the one that changes as a whole, and the next.
    [Theory]
    [InlineData(0, 0, 0, "0..6")]
    [InlineData(0, 1, 0, "0..6:1")]
    [InlineData(1, 0, 1, "0..6:1")]
    [InlineData(1, 1, 0, "0..6:1")]
    [InlineData(0, 1, 1, "0..6:1")]
    [InlineData(1, 0, 2, "0..4:1 4..6:2")]
    [InlineData(1, 1, 2, "0..4:1 4..6:2")]
    [InlineData(2, 1, 1, "0..2:2 2..6:1")]
    [InlineData(2, 1, 2, "0..2:2 2..4:1 4..6:2")]
    [InlineData(0, 3, 0, "0..2 2..4:3 4..6")]
    [InlineData(3, 3, 3, "0..6:3")]
    [InlineData(3, 0, 0, "0..2:3 2..6")]
    [InlineData(0, 0, 3, "0..4 4..6:3")]
    public void Identities_decide_what_a_changed_mapping_merges_with(
        uint previous, uint changed, uint next, string expected)
    {
        MappingTree tree = TreeOf(
            Anonymous(0, 2, ReadOnly, Identity(previous)),
            Anonymous(2, 4, ReadWrite, Identity(changed)),
            Anonymous(4, 6, ReadOnly, Identity(next)));
        Assert.Equal(expected, Modified(tree, 2, 4, ReadOnly));
    }

    [Fact]
    public void A_moved_boundary_carries_the_identity_over_unless_it_is_inherited()
    {
        Assert.Equal("0..3:1 3..4:1", Modified(TreeOf(Anonymous(0, 2, ReadOnly), Anonymous(2, 4, anon: A)), 2, 3, ReadOnly));
        Assert.Equal("0..1:1 1..4:1", Modified(TreeOf(Anonymous(0, 2, anon: A), Anonymous(2, 4, ReadOnly)), 1, 2, ReadOnly));
        Assert.Equal(
            "0..2 2..3:3 3..4:3",
            Modified(TreeOf(Anonymous(0, 2, ReadOnly), Anonymous(2, 4, anon: Inherited)), 2, 3, ReadOnly));
    }

    [Fact]
    public void Touched_memory_that_stays_accounted_does_not_merge_with_never_writable_memory() =>
        Assert.Equal("0..2 2..4:1", Modified(
            TreeOf(Anonymous(0, 2, ReadOnly & ~VmFlags.Account), Anonymous(2, 4, anon: A)), 2, 4, ReadOnly));

    [Fact]
    public void Possible_guards_pass_to_the_neighbour_with_the_part()
    {
        const VmFlags guarded = ReadWrite | VmFlags.MayHaveGuards;
        MappingTree left = TreeOf(Anonymous(0, 2, ReadOnly), Anonymous(2, 4, guarded, A));
        Assert.Equal("0..3:1 3..4:1", Modified(left, 2, 3, guarded & ~VmFlags.Write));
        Assert.Equal(ReadOnly | VmFlags.MayHaveGuards, left.FlagsOf(left.First));
        MappingTree right = TreeOf(Anonymous(0, 2, guarded, A), Anonymous(2, 4, ReadOnly));
        Assert.Equal("0..1:1 1..4:1", Modified(right, 1, 2, guarded & ~VmFlags.Write));
        Assert.Equal(ReadOnly | VmFlags.MayHaveGuards, right.FlagsOf(right.Last));
    }

    [Fact]
    public void At_the_map_count_limit_a_split_is_refused_without_a_change()
    {
        MappingTree tree = TreeOf(Anonymous(0, 9), Anonymous(20, 21));
        Assert.False(tree.TryModify(tree.First, Range(0, 2), ReadOnly, mapCountLimit: 2, out MappingHandle changed));
        Assert.True(changed.IsNone);
        Assert.Equal("0..9 20..21", Draw(tree));
        Assert.Equal(ReadWrite, tree.FlagsOf(tree.First));
    }

    [Fact]
    public void One_below_the_limit_a_change_in_the_middle_fails_after_its_first_split()
    {
        MappingTree tree = TreeOf(Anonymous(0, 9), Anonymous(20, 21));
        Assert.False(tree.TryModify(tree.First, Range(3, 5), ReadOnly, mapCountLimit: 3, out _));
        Assert.Equal("0..3 3..9 20..21", Draw(tree));
        Assert.All([tree.First, tree.Next(tree.First)], handle => Assert.Equal(ReadWrite, tree.FlagsOf(handle)));
    }

    [Fact]
    public void At_the_limit_what_needs_no_split_still_works()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2, ReadOnly), Anonymous(2, 9));
        Assert.True(tree.TryModify(tree.Last, Range(2, 5), ReadOnly, mapCountLimit: 2, out _));
        Assert.True(tree.TryModify(tree.Last, Range(5, 9), ReadOnly, mapCountLimit: 2, out _));
        Assert.Equal("0..9", Draw(tree));
    }

    [Fact]
    public void A_part_that_is_not_in_the_mapping_is_refused()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(2, 9));
        Assert.Throws<ArgumentException>(() => tree.TryModify(tree.First, Range(1, 3), ReadOnly, NoLimit, out _));
        Assert.Throws<ArgumentException>(() => tree.TryModify(tree.First, Range(1, 1), ReadOnly, NoLimit, out _));
        Assert.Equal("0..2 2..9", Draw(tree));
    }

    private static string Modified(MappingTree tree, int from, int to, VmFlags flags)
    {
        Assert.True(tree.TryModify(tree.Find(Page(from)), Range(from, to), flags, NoLimit, out MappingHandle changed));
        Assert.True(tree.RangeOf(changed).Contains(Range(from, to)));
        Assert.Equal(flags, tree.FlagsOf(changed) & ~VmFlags.MayHaveGuards | (flags & VmFlags.MayHaveGuards));
        return Draw(tree);
    }

    private static AnonIdentity Identity(uint id) => id == 3 ? Inherited : new AnonIdentity(id, inherited: false);
}
