using PageShift.Mappings;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Mappings.MappingWorld;

namespace PageShift.Tests.Mappings;

public class MappingTreeCostTests
{
    private const int Many = 60_000;

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(48_611)]
    public void Sixty_thousand_mappings_stay_within_AVL_depth_in_any_order_of_insertion(int stride)
    {
        MappingTree tree = WithMany(stride);
        tree.Verify();
        Assert.Equal(Many, tree.Count);
        Assert.InRange(tree.Height, 1, DepthBound(Many));
    }

    [Fact]
    public void Depth_shrinks_with_the_tree()
    {
        MappingTree tree = WithMany(stride: 1);
        for (int i = 0; i < Many; i++)
        {
            if (i % 1000 != 0)
                tree.Remove(tree.Find(Page(2 * i)));
        }

        tree.Verify();
        Assert.Equal(60, tree.Count);
        Assert.InRange(tree.Height, 1, DepthBound(60));
    }

    [Fact]
    public void A_gap_search_takes_logarithmic_steps_wherever_the_gap_is()
    {
        int bound = 3 * DepthBound(Many);
        MappingTree tree = WithMany(stride: 1);
        for (int hole = 1; hole < Many; hole += 997)
        {
            MappingHandle removed = tree.Find(Page(2 * hole));
            Mapping mapping = tree[removed];
            tree.Remove(removed);
            Assert.Equal(Page((2 * hole) - 1), tree.FindGapTopDown(Pages(3), Page(0), Page(2 * Many)));
            Assert.InRange(tree.GapSearchSteps, 0, bound);
            Assert.Equal(Page((2 * hole) - 1), tree.FindGapBottomUp(Pages(3), Page(0), Page(2 * Many)));
            Assert.InRange(tree.GapSearchSteps, 0, bound);
            tree.Insert(mapping);
        }

        Assert.Null(tree.FindGapTopDown(Pages(3), Page(0), Page(2 * Many)));
        Assert.InRange(tree.GapSearchSteps, 0, bound);
    }

    [Fact]
    public void What_gaps_that_shrank_cost_a_search_they_cost_once()
    {
        MappingTree tree = WithMany(stride: 1);
        int shrunk = 0;
        for (int hole = 1; hole < Many; hole += 97, shrunk++)
        {
            MappingHandle removed = tree.Find(Page(2 * hole));
            Mapping mapping = tree[removed];
            tree.Remove(removed);
            tree.Insert(mapping);
        }

        Assert.Null(tree.FindGapTopDown(Pages(3), Page(0), Page(2 * Many)));
        Assert.InRange(tree.GapSearchSteps, shrunk, 3 * shrunk * DepthBound(Many));
        Assert.Null(tree.FindGapTopDown(Pages(3), Page(0), Page(2 * Many)));
        Assert.InRange(tree.GapSearchSteps, 0, 3 * DepthBound(Many));
        tree.Verify();
    }

    [Fact]
    public void In_steady_state_nothing_is_allocated()
    {
        MappingTree tree = new();
        Churn(tree);
        Churn(tree);
        Assert.Equal(0, AllocatedBytes.Least(() => AllocatedBytes.By(() => Churn(tree))));
    }

    private static void Churn(MappingTree tree)
    {
        AddressLayout layout = AddressLayout.FourLevels;
        for (int i = 0; i < 100; i++)
            tree.InsertMerging(Anonymous(10 * i, (10 * i) + 6));
        for (int i = 0; i < 100; i++)
        {
            tree.TrySetAnon(tree.Find(Page(10 * i)), A);
            tree.FindReusableAnon(tree.Find(Page(10 * i)));
            tree.TryModify(tree.Find(Page(10 * i)), Range((10 * i) + 2, (10 * i) + 4), ReadOnly, 1000, out _);
            tree.ExtendMerging(tree.Find(Page((10 * i) + 5)), Page((10 * i) + 8));
            AddressSelection.Choose(tree, layout, new AddressRequest(Pages(512), default, LargePageAlignment.Anonymous));
            AddressSelection.ChooseCongruent(tree, layout, Pages(3), Page(7), ByteLength.FromMiB(2));
        }

        foreach (MappingHandle handle in tree.Overlapping(Range(0, 1000)))
            tree.Remove(handle);
    }

    private static MappingTree WithMany(int stride)
    {
        MappingTree tree = new();
        int at = 0;
        for (int i = 0; i < Many; i++)
        {
            tree.Insert(Anonymous(2 * at, (2 * at) + 1));
            at = (at + stride + Many) % Many;
        }

        return tree;
    }

    // The known worst case of an AVL tree: 1.4405 log2(n + 2) - 0.3277.
    private static int DepthBound(int count) => (int)((1.4405 * Math.Log2(count + 2)) - 0.3277);
}
