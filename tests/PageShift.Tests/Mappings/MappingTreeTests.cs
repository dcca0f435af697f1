using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Mappings.MappingWorld;

namespace PageShift.Tests.Mappings;

public class MappingTreeTests
{
    [Fact]
    public void An_empty_tree_finds_nothing()
    {
        MappingTree tree = new();
        tree.Verify();
        Assert.Equal(0, tree.Count);
        Assert.True(tree.First.IsNone);
        Assert.True(tree.Last.IsNone);
        Assert.True(tree.Find(Page(0)).IsNone);
        Assert.True(tree.FindFirstEndingAbove(VirtualAddress.Zero).IsNone);
        Assert.False(tree.AnyOverlaps(Range(0, 100)));
    }

    [Fact]
    public void Find_sees_the_first_byte_and_the_last_but_not_the_end()
    {
        MappingTree tree = TreeOf(Anonymous(2, 4), Anonymous(6, 8));
        MappingHandle low = tree.First;
        Assert.Equal(low, tree.Find(Page(2)));
        Assert.Equal(low, tree.Find(new VirtualAddress(Page(4).Value - 1)));
        Assert.True(tree.Find(Page(4)).IsNone);
        Assert.True(tree.Find(new VirtualAddress(Page(2).Value - 1)).IsNone);
    }

    [Fact]
    public void FindFirstEndingAbove_goes_on_to_the_next_mapping_in_a_hole()
    {
        MappingTree tree = TreeOf(Anonymous(2, 4), Anonymous(6, 8));
        Assert.Equal(tree.First, tree.FindFirstEndingAbove(VirtualAddress.Zero));
        Assert.Equal(tree.Last, tree.FindFirstEndingAbove(Page(4)));
        Assert.Equal(tree.Last, tree.FindFirstEndingAbove(Page(7)));
        Assert.True(tree.FindFirstEndingAbove(Page(8)).IsNone);
        Assert.True(tree.FindFirstEndingAbove(new VirtualAddress(ulong.MaxValue)).IsNone);
    }

    [Fact]
    public void Neighbours_are_reached_in_address_order_whatever_the_order_of_insertion()
    {
        MappingTree tree = TreeOf(Anonymous(6, 8), Anonymous(0, 1), Anonymous(9, 10), Anonymous(2, 4));
        Assert.Equal("0..1 2..4 6..8 9..10", Draw(tree));
        Assert.Equal(tree.Last, tree.Next(tree.Find(Page(6))));
        Assert.Equal(tree.First, tree.Previous(tree.Find(Page(2))));
        Assert.True(tree.Previous(tree.First).IsNone);
        Assert.True(tree.Next(tree.Last).IsNone);
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(1, 3)]
    [InlineData(0, 9)]
    [InlineData(2, 4)]
    public void An_overlapping_insertion_is_refused_and_changes_nothing(int from, int to)
    {
        MappingTree tree = TreeOf(Anonymous(2, 4), Anonymous(6, 8));
        Assert.Throws<ArgumentException>(() => tree.Insert(Anonymous(from, to)));
        Assert.Throws<ArgumentException>(() => tree.InsertMerging(Anonymous(from, to)));
        Assert.Equal("2..4 6..8", Draw(tree));
    }

    [Fact]
    public void A_range_that_is_empty_or_not_page_aligned_is_refused()
    {
        MappingTree tree = new();
        Mapping odd = Anonymous(0, 2) with { Range = new AddressRange(Page(0), new VirtualAddress(Page(1).Value + 1)) };
        Assert.Throws<ArgumentException>(() => tree.Insert(odd));
        Assert.Throws<ArgumentException>(() => tree.Insert(Anonymous(1, 1)));
    }

    [Fact]
    public void A_handle_survives_the_removal_of_every_other_mapping()
    {
        MappingTree tree = new();
        MappingHandle[] handles = [.. Enumerable.Range(0, 200).Select(i => tree.Insert(Anonymous(2 * i, (2 * i) + 1)))];
        MappingHandle kept = handles[100];
        foreach (MappingHandle handle in handles.Where(h => h != kept))
        {
            tree.Remove(handle);
            tree.Verify();
            Assert.Equal(Range(200, 201), tree.RangeOf(kept));
        }

        Assert.Equal(1, tree.Count);
    }

    [Fact]
    public void A_removed_mappings_handle_is_never_taken_for_a_newer_mapping()
    {
        MappingTree tree = new();
        MappingHandle stale = tree.Insert(Anonymous(0, 1));
        tree.Remove(stale);
        MappingHandle fresh = tree.Insert(Anonymous(0, 1));
        Assert.NotEqual(stale, fresh);
        Assert.False(tree.Contains(stale));
        Assert.True(tree.Contains(fresh));
        Assert.Throws<InvalidOperationException>(() => tree[stale]);
        Assert.Throws<InvalidOperationException>(() => tree.Remove(stale));
        Assert.Throws<InvalidOperationException>(() => tree.RangeOf(MappingHandle.None));
    }

    [Fact]
    public void A_moved_start_keeps_every_page_at_its_place_in_the_object()
    {
        OpenFile file = MappingWorld.AnyFile();
        MappingTree tree = TreeOf(OfFile(4, 8, file, offset: 10));
        tree.SetStart(tree.First, Page(6));
        Assert.Equal(new PageCount(12), tree[tree.First].PageOffset);
        tree.SetStart(tree.First, Page(1));
        Assert.Equal(new PageCount(7), tree[tree.First].PageOffset);
        Assert.Equal("1..8", Draw(tree));
    }

    [Fact]
    public void A_start_cannot_move_below_the_objects_first_page()
    {
        OpenFile file = MappingWorld.AnyFile();
        MappingTree tree = TreeOf(OfFile(4, 8, file, offset: 2));
        Assert.Throws<OverflowException>(() => tree.SetStart(tree.First, Page(1)));
        Assert.Equal("4..8", Draw(tree));
    }

    [Fact]
    public void A_boundary_cannot_move_into_a_neighbour_or_past_the_other_end()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(4, 6), Anonymous(8, 10));
        MappingHandle middle = tree.Find(Page(4));
        Assert.Throws<ArgumentException>(() => tree.SetStart(middle, Page(1)));
        Assert.Throws<ArgumentException>(() => tree.SetEnd(middle, Page(9)));
        Assert.Throws<ArgumentException>(() => tree.SetStart(middle, Page(6)));
        Assert.Throws<ArgumentException>(() => tree.SetEnd(middle, Page(4)));
        Assert.Equal("0..2 4..6 8..10", Draw(tree));
        tree.SetStart(middle, Page(2));
        tree.SetEnd(middle, Page(8));
        Assert.Equal("0..2 2..8 8..10", Draw(tree));
    }

    [Fact]
    public void A_range_can_shift_as_a_whole_with_its_page_offset_unchanged()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(8, 10), Anonymous(20, 21));
        MappingHandle middle = tree.Find(Page(8));
        tree.SetRange(middle, Range(3, 5), tree[middle].PageOffset);
        Assert.Equal("0..2 3..5 20..21", Draw(tree));
        Assert.Equal(new PageCount(BasePage + 8), tree[middle].PageOffset);
        Assert.Throws<ArgumentException>(() => tree.SetRange(middle, Range(21, 23), default));
    }

    [Fact]
    public void Overlapping_visits_what_the_range_touches_and_nothing_else()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(4, 6), Anonymous(8, 10));
        Assert.Equal("4..6 8..10", Visited(tree, 5, 9));
        Assert.Equal("0..2 4..6", Visited(tree, 0, 5));
        Assert.Equal("", Visited(tree, 2, 4));
        Assert.Equal("", Visited(tree, 5, 5));
        Assert.False(tree.AnyOverlaps(Range(5, 5)));
        Assert.False(tree.AnyOverlaps(Range(2, 4)));
        Assert.True(tree.AnyOverlaps(Range(5, 6)));
        Assert.Equal("0..2 4..6 8..10", Visited(tree, 0, 100));
    }

    [Fact]
    public void Overlapping_tolerates_the_removal_and_the_splitting_of_what_it_visits()
    {
        MappingTree tree = TreeOf(Anonymous(0, 2), Anonymous(2, 6), Anonymous(6, 8));
        foreach (MappingHandle handle in tree.Overlapping(Range(0, 8)))
        {
            if (tree.RangeOf(handle).Length == Pages(4))
                tree.Split(handle, Page(3));
            else
                tree.Remove(handle);
        }

        Assert.Equal("2..3 3..6", Draw(tree));
    }

    [Fact]
    public void Taking_next_first_lets_a_loop_remove_what_it_visits()
    {
        MappingTree tree = TreeOf(Anonymous(0, 1), Anonymous(2, 3), Anonymous(4, 5), Anonymous(6, 7));
        MappingHandle next;
        for (MappingHandle at = tree.Find(Page(2)); at.Exists && tree.RangeOf(at).Start < Page(6); at = next)
        {
            next = tree.Next(at);
            tree.Remove(at);
        }

        Assert.Equal("0..1 6..7", Draw(tree));
    }

    [Fact]
    public void An_identity_is_set_once()
    {
        MappingTree tree = TreeOf(Anonymous(0, 1));
        Assert.True(tree.TrySetAnon(tree.First, A));
        Assert.False(tree.TrySetAnon(tree.First, B));
        Assert.Equal(A, tree.AnonOf(tree.First));
        tree.SetAnon(tree.First, AnonIdentity.None);
        Assert.True(tree.TrySetAnon(tree.First, Inherited));
        Assert.Equal(Inherited, tree.AnonOf(tree.First));
    }

    [Fact]
    public void Of_many_racing_faults_one_sets_the_identity()
    {
        MappingTree tree = new();
        for (int i = 0; i < 50; i++)
            tree.Insert(Anonymous(2 * i, (2 * i) + 1));
        int[] winners = new int[50];
        Parallel.For(1, 9, racer =>
        {
            for (MappingHandle at = tree.First; at.Exists; at = tree.Next(at))
            {
                if (tree.TrySetAnon(at, new AnonIdentity((uint)racer, inherited: false)))
                    Interlocked.Increment(ref winners[PageOf(tree.RangeOf(at).Start) / 2]);
            }
        });
        Assert.All(winners, count => Assert.Equal(1, count));
    }

    [Fact]
    public void An_identity_remembers_that_it_is_inherited()
    {
        Assert.True(new AnonIdentity(uint.MaxValue, inherited: true).Inherited);
        Assert.Equal(uint.MaxValue, new AnonIdentity(uint.MaxValue, inherited: true).Id);
        Assert.NotEqual(new AnonIdentity(1, inherited: true), new AnonIdentity(1, inherited: false));
        Assert.True(default(AnonIdentity).IsNone);
        Assert.Throws<ArgumentException>(() => new AnonIdentity(0, inherited: true));
    }

    [Fact]
    public void A_mapping_tells_its_protection_and_the_place_of_its_pages()
    {
        OpenFile file = MappingWorld.AnyFile();
        Mapping mapping = OfFile(4, 8, file, offset: 3, flags: VmFlags.Read | VmFlags.Execute | VmFlags.MayWrite);
        Assert.Equal(Protection.Read | Protection.Execute, mapping.Protection);
        Assert.False(mapping.IsAnonymous);
        Assert.Equal(new PageCount(5), mapping.PageOffsetAt(new VirtualAddress(Page(6).Value + 17)));
        Assert.Equal(new PageCount(7), mapping.PageOffsetAt(mapping.End));
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.PageOffsetAt(Page(3)));
    }

    private static string Visited(MappingTree tree, int from, int to)
    {
        List<string> visited = [];
        foreach (MappingHandle handle in tree.Overlapping(Range(from, to)))
            visited.Add($"{PageOf(tree.RangeOf(handle).Start)}..{PageOf(tree.RangeOf(handle).End)}");
        return string.Join(" ", visited);
    }
}
