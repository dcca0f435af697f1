using PageShift.Abi;
using PageShift.Mappings;
using Xunit;
using static PageShift.Tests.Mappings.MappingWorld;

namespace PageShift.Tests.Mappings;

/// <summary>docs/linux-rules.md section 3, rule by rule, for a mapping that is made beside others.</summary>
public class MappingMergeTests
{
    private static readonly OpenFile File = MappingWorld.AnyFile();

    [Fact]
    public void A_new_mapping_merges_with_both_neighbours()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(4, 6));
        MappingHandle low = tree.First;
        Assert.Equal(low, tree.InsertMerging(Anonymous(2, 4)));
        Assert.Equal("0..6", Draw(tree));
    }

    [Fact]
    public void A_new_mapping_above_extends_the_lower_one() =>
        AssertInserted("0..4", Anonymous(2, 4), Anonymous(0, 2));

    [Fact]
    public void A_new_mapping_below_extends_the_upper_one_and_its_page_offset()
    {
        MappingTree tree = TreeOf(Anonymous(2, 4));
        MappingHandle high = tree.First;
        Assert.Equal(high, tree.InsertMerging(Anonymous(0, 2)));
        Assert.Equal(Anonymous(0, 4), tree[high]);
    }

    [Fact]
    public void A_mapping_that_is_counted_is_lengthened_and_never_taken_away()
    {
        OpenFile counted = MappingWorld.CountedFile();
        MappingTree tree = TreeOf(OfFile(0, 2, counted, offset: 0), OfFile(4, 6, counted, offset: 4));
        tree.InsertMerging(OfFile(2, 4, counted, offset: 2));
        Assert.Equal("0..4 4..6", Draw(tree));
        tree.InsertMerging(OfFile(6, 7, counted, offset: 6));
        Assert.Equal("0..4 4..7", Draw(tree));
        tree = TreeOf(OfFile(0, 2, counted, offset: 0), OfFile(4, 6, counted, offset: 4));
        tree.ExtendMerging(tree.First, Page(4));
        Assert.Equal("0..4 4..6", Draw(tree));
    }

    [Fact]
    public void Mappings_with_a_page_between_them_stay_apart() =>
        AssertInserted("0..2 3..4", Anonymous(3, 4), Anonymous(0, 2));

    [Fact]
    public void Brk_extends_the_mapping_below_and_never_takes_over_the_one_above()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(4, 6));
        tree.InsertMerging(Anonymous(2, 4), mayMergeWithNext: false);
        Assert.Equal("0..4 4..6", Draw(tree));
    }

    [Theory]
    [InlineData((uint)VmFlags.Account)]
    [InlineData((uint)VmFlags.Write)]
    [InlineData((uint)VmFlags.NoReserve)]
    [InlineData((uint)VmFlags.Locked)]
    [InlineData((uint)VmFlags.LockOnFault)]
    [InlineData((uint)VmFlags.DontCopy)]
    [InlineData((uint)VmFlags.DontDump)]
    [InlineData((uint)VmFlags.WipeOnFork)]
    [InlineData((uint)VmFlags.HugePage)]
    [InlineData((uint)VmFlags.NoHugePage)]
    [InlineData((uint)VmFlags.Mergeable)]
    [InlineData((uint)VmFlags.SequentialRead)]
    [InlineData((uint)VmFlags.RandomRead)]
    [InlineData((uint)VmFlags.GrowsDown)]
    [InlineData((uint)VmFlags.Sync)]
    [InlineData((uint)VmFlags.Droppable)]
    [InlineData((uint)VmFlags.Sealed)]
    public void One_differing_flag_keeps_mappings_apart(uint flag) =>
        AssertInserted("0..2 2..4", Anonymous(2, 4, ReadWrite ^ (VmFlags)flag), Anonymous(0, 2));

    [Fact]
    public void Possible_guards_do_not_keep_mappings_apart_and_the_union_may_have_them()
    {
        MappingTree above = TreeOf(Anonymous(0, 2, ReadWrite | VmFlags.MayHaveGuards, A));
        MappingTree below = TreeOf(Anonymous(2, 4, ReadWrite | VmFlags.MayHaveGuards, A));
        MappingTree both = TreeOf(Anonymous(0, 2), Anonymous(4, 6, ReadWrite | VmFlags.MayHaveGuards, A));
        above.InsertMerging(Anonymous(2, 4));
        below.InsertMerging(Anonymous(0, 2));
        both.InsertMerging(Anonymous(2, 4));
        Assert.All([above, below, both], tree =>
        {
            Assert.Equal(1, tree.Count);
            Assert.Equal(ReadWrite | VmFlags.MayHaveGuards, tree.FlagsOf(tree.First));
            tree.Verify();
        });
    }

    [Fact]
    public void Mappings_of_the_kernels_own_never_merge()
    {
        const VmFlags special = ReadOnly | VmFlags.DontExpand;
        AssertInserted("0..2 2..4", Anonymous(2, 4, special), Anonymous(0, 2, special));
    }

    [Fact]
    public void The_same_open_file_merges_where_its_pages_follow_each_other()
    {
        AssertInserted("0..4", OfFile(2, 4, File, offset: 7), OfFile(0, 2, File, offset: 5));
        AssertInserted("0..2 2..4", OfFile(2, 4, File, offset: 8), OfFile(0, 2, File, offset: 5));
        AssertInserted("0..2 2..4", OfFile(2, 4, File, offset: 5), OfFile(0, 2, File, offset: 5));
    }

    [Fact]
    public void Two_opens_of_one_object_never_merge()
    {
        OpenFile again = new(File.Object);
        AssertInserted("0..2 2..4", OfFile(2, 4, again, offset: 7), OfFile(0, 2, File, offset: 5));
    }

    [Fact]
    public void A_file_and_anonymous_memory_never_merge() =>
        AssertInserted("0..2 2..4", OfFile(2, 4, File, offset: (int)BasePage + 2, ReadWrite), Anonymous(0, 2));

    [Fact]
    public void Anonymous_memory_that_kept_its_old_page_offset_does_not_merge_at_a_new_place() =>
        AssertInserted("0..2 2..4:1", Anonymous(10, 12, anon: A) with { Range = Range(2, 4) }, Anonymous(0, 2));

    [Fact]
    public void Two_pieces_moved_by_the_same_distance_merge_again() =>
        AssertInserted(
            "0..4:1",
            Anonymous(12, 14, anon: A) with { Range = Range(2, 4) },
            Anonymous(10, 12, anon: A) with { Range = Range(0, 2) });

    // The new mapping's identity, the neighbour's, and what comes of it, above and below alike.
    [Theory]
    [InlineData(0, 0, "0..4")]
    [InlineData(0, 1, "0..4:1")]
    [InlineData(1, 0, "0..4:1")]
    [InlineData(1, 1, "0..4:1")]
    [InlineData(3, 3, "0..4:3")]
    [InlineData(1, 2, null)]
    [InlineData(0, 3, null)]
    [InlineData(3, 0, null)]
    [InlineData(3, 1, null)]
    public void Identities_decide_on_merging(uint added, uint neighbour, string? merged)
    {
        AssertInserted(
            merged ?? $"0..2{Suffix(neighbour)} 2..4{Suffix(added)}",
            Anonymous(2, 4, anon: Identity(added)),
            Anonymous(0, 2, anon: Identity(neighbour)));
        AssertInserted(
            merged ?? $"0..2{Suffix(added)} 2..4{Suffix(neighbour)}",
            Anonymous(0, 2, anon: Identity(added)),
            Anonymous(2, 4, anon: Identity(neighbour)));
    }

    // The lower neighbour's identity, the new mapping's, the upper neighbour's.
    [Theory]
    [InlineData(0, 0, 0, "0..6")]
    [InlineData(1, 0, 0, "0..6:1")]
    [InlineData(0, 1, 0, "0..6:1")]
    [InlineData(0, 0, 1, "0..6:1")]
    [InlineData(1, 0, 1, "0..6:1")]
    [InlineData(3, 3, 3, "0..6:3")]
    [InlineData(1, 0, 2, "0..4:1 4..6:2")]
    [InlineData(3, 0, 1, "0..2:3 2..6:1")]
    [InlineData(1, 0, 3, "0..4:1 4..6:3")]
    [InlineData(3, 3, 0, "0..4:3 4..6")]
    [InlineData(2, 1, 0, "0..2:2 2..6:1")]
    public void Between_two_neighbours_the_lower_wins_when_they_do_not_agree(
        uint lower, uint added, uint upper, string expected) =>
        AssertInserted(
            expected,
            Anonymous(2, 4, anon: Identity(added)),
            Anonymous(0, 2, anon: Identity(lower)),
            Anonymous(4, 6, anon: Identity(upper)));

    [Fact]
    public void An_extension_in_place_takes_over_a_fitting_neighbour()
    {
        AssertExtended("0..6", Anonymous(0, 2), Anonymous(4, 6));
        AssertExtended("0..6:1", Anonymous(0, 2, anon: A), Anonymous(4, 6));
        AssertExtended("0..6:1", Anonymous(0, 2), Anonymous(4, 6, anon: A));
        AssertExtended("0..4:1 4..6:2", Anonymous(0, 2, anon: A), Anonymous(4, 6, anon: B));
        AssertExtended("0..4 4..6:3", Anonymous(0, 2), Anonymous(4, 6, anon: Inherited));
        AssertExtended("0..4 4..6", Anonymous(0, 2), Anonymous(4, 6, ReadOnly));
    }

    // Measured on 6.18: the source's fork origin is only asked for a mapping that is changed or copied.
    [Fact]
    public void An_extension_in_place_spreads_even_an_inherited_identity() =>
        AssertExtended("0..6:3", Anonymous(0, 2, anon: Inherited), Anonymous(4, 6));

    [Fact]
    public void An_extension_that_touches_nothing_or_is_none_merges_nothing()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(4, 6));
        Assert.Equal(tree.First, tree.ExtendMerging(tree.First, Page(3)));
        Assert.Equal("0..3 4..6", Draw(tree));
        Assert.Throws<ArgumentException>(() => tree.ExtendMerging(tree.First, Page(3)));
        Assert.Throws<ArgumentException>(() => tree.ExtendMerging(tree.First, Page(5)));
        Assert.Equal("0..3 4..6", Draw(tree));
    }

    [Fact]
    public void An_identity_is_reused_from_the_next_mapping_before_the_previous()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2, ReadOnly, A), Anonymous(2, 4), Anonymous(4, 6, ReadOnly, B));
        Assert.Equal(B, tree.FindReusableAnon(tree.Find(Page(2))));
    }

    [Fact]
    public void An_identity_is_reused_from_the_previous_mapping_when_the_next_has_none_to_give()
    {
        Assert.Equal(A, Reusable(Anonymous(0, 2, ReadOnly, A), Anonymous(2, 4), Anonymous(4, 6)));
        Assert.Equal(A, Reusable(Anonymous(0, 2, ReadOnly, A), Anonymous(2, 4), Anonymous(5, 6, anon: B)));
        Assert.Equal(A, Reusable(Anonymous(0, 2, ReadOnly, A), Anonymous(2, 4), Anonymous(4, 6, anon: Inherited)));
        Assert.Equal(A, Reusable(Anonymous(0, 2, ReadOnly | VmFlags.MayHaveGuards, A), Anonymous(2, 4)));
    }

    [Theory]
    [InlineData((uint)VmFlags.Account)]
    [InlineData((uint)VmFlags.NoReserve)]
    [InlineData((uint)VmFlags.NoHugePage)]
    public void A_flag_beyond_the_access_bits_forbids_the_reuse_of_an_identity(uint flag) =>
        Assert.True(Reusable(Anonymous(0, 2, ReadWrite ^ (VmFlags)flag, A), Anonymous(2, 4)).IsNone);

    [Fact]
    public void An_identity_is_not_reused_across_a_hole_an_offset_or_a_file()
    {
        Assert.True(Reusable(Anonymous(0, 1, anon: A), Anonymous(2, 4)).IsNone);
        Assert.True(Reusable(Anonymous(0, 2, anon: A) with { PageOffset = default }, Anonymous(2, 4)).IsNone);
        Assert.True(Reusable(OfFile(0, 2, File, (int)BasePage, ReadWrite, A), Anonymous(2, 4)).IsNone);
        Assert.True(Reusable(Anonymous(0, 2, anon: Inherited), Anonymous(2, 4)).IsNone);
        Assert.True(Reusable(Anonymous(2, 4)).IsNone);
    }

    private static AnonIdentity Reusable(params ReadOnlySpan<Mapping> mappings)
    {
        MappingTree tree = TreeOf(mappings);
        return tree.FindReusableAnon(tree.Find(Page(2)));
    }

    private static void AssertInserted(string expected, Mapping added, params ReadOnlySpan<Mapping> before)
    {
        MappingTree tree = TreeOf(before);
        MappingHandle handle = tree.InsertMerging(added);
        Assert.True(tree.RangeOf(handle).Contains(added.Range));
        Assert.Equal(expected, Draw(tree));
    }

    private static void AssertExtended(string expected, Mapping mapping, Mapping neighbour)
    {
        MappingTree tree = TreeOf(mapping, neighbour);
        Assert.Equal(tree.First, tree.ExtendMerging(tree.First, neighbour.Start));
        Assert.Equal(expected, Draw(tree));
    }

    private static AnonIdentity Identity(uint id) => id == 3 ? Inherited : new AnonIdentity(id, inherited: false);

    private static string Suffix(uint id) => id == 0 ? "" : $":{id}";
}
