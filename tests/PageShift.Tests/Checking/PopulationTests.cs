using PageShift.PageTables;
using PageShift.Verification.Checking;
using Xunit;

namespace PageShift.Tests.Checking;

public sealed class PopulationTests
{
    public static TheoryData<int> Depths => [2, 5, 8];

    [Theory]
    [MemberData(nameof(Depths))]
    public void Every_number_is_another_population(int depth)
    {
        foreach (CheckWorld world in CheckWorld.OfDepth(depth))
        {
            var populations = new Populations(world);
            var seen = new HashSet<string>();
            var leaves = new List<PopulatedLeaf>();
            for (long number = 0; number < populations.Count; number++)
            {
                populations.Decode(number, leaves);
                Assert.True(seen.Add(string.Join(' ', leaves.Select(leaf => $"{leaf.Level}{leaf.Page}"))));
                AssertDisjoint(world, leaves);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Depths))]
    public void Every_subset_of_the_regions_pages_is_a_population(int depth)
    {
        foreach (CheckWorld world in CheckWorld.OfDepth(depth))
        {
            var populations = new Populations(world);
            var leaves = new List<PopulatedLeaf>();
            int ofPages = 0;
            for (long number = 0; number < populations.Count; number++)
            {
                populations.Decode(number, leaves);
                ofPages += leaves.All(leaf => leaf.Level == PageTableLevel.Pte) ? 1 : 0;
                Assert.All(leaves.Where(leaf => leaf.Level == PageTableLevel.Pte), leaf => Assert.True(world.IsInRegion(leaf.Page)));
            }

            Assert.Equal(1 << world.Windows.Sum(window => window.End - window.First), ofPages);
        }
    }

    /// <summary>676 = 26 x 26: each half of the world of eight pages is empty, one large leaf, or two blocks that are each empty, a large leaf, or one or both of two pages.</summary>
    [Fact]
    public void The_world_of_eight_pages_has_676_populations_and_168_moves()
    {
        CheckWorld world = CheckWorld.OfDepth(8)[0];

        Assert.Equal(676, new Populations(world).Count);
        Assert.Equal(168, world.Moves.Count); // for each length L there are 9 - L places, and 8 - L others to go to
    }

    private static void AssertDisjoint(CheckWorld world, List<PopulatedLeaf> leaves)
    {
        int end = 0;
        foreach (PopulatedLeaf leaf in leaves)
        {
            Assert.True(leaf.Page >= end);
            end = leaf.Page + (1 << (world.Geometry.IndexBits(PageTableLevel.Pte) * (int)leaf.Level));
        }

        Assert.True(end <= world.Pages);
    }
}
