using PageShift.Verification.Checking;
using Xunit;

namespace PageShift.Tests.Checking;

/// <summary>The search for shorter sequences, against one that tries everything.</summary>
public sealed class FewestEntriesTests
{
    private const int MostPages = 3; // trying everything takes its time

    [Theory]
    [InlineData(3, 1, 0, 8)]
    [InlineData(2, 2, 2, 10)]
    public void The_search_finds_what_trying_everything_finds(int levels, int bits, int first, int end)
    {
        var search = new FewestEntries(levels, bits);
        int saved = 0;
        for (int population = 1; population < 1 << (end - first); population++)
        {
            int[] occupied = [.. Enumerable.Range(first, end - first).Where(page => (population >> (page - first) & 1) != 0)];
            if (occupied.Length > MostPages)
                continue;
            foreach (CheckMove move in MovesOf(first, end, occupied))
            {
                int fewest = PlainSearch.Fewest(levels, bits, occupied, page => move.Takes(page), move.Delta);
                bool[] isOccupied = new bool[1 << (levels * bits)];
                foreach (int page in occupied)
                    isOccupied[page] = true;
                Assert.True(search.CanDoWith(isOccupied, move, fewest, TestContext.Current.CancellationToken), $"{string.Join(' ', occupied)}: {move} in {fewest}");
                Assert.False(search.CanDoWith(isOccupied, move, fewest - 1, TestContext.Current.CancellationToken), $"{string.Join(' ', occupied)}: {move} in {fewest - 1}");
                saved += fewest < occupied.Count(page => move.Takes(page)) ? 1 : 0;
            }
        }

        Assert.True(saved > 30); // there are cases in which a table that moves whole saves something
    }

    /// <summary>Three of four pages of a table move, to a place congruent to theirs. If the fourth might be moved there and back, two entries would do.</summary>
    [Fact]
    public void Without_the_guard_a_neighbour_would_be_moved_there_and_back()
    {
        int[] occupied = [4, 5, 6, 7];

        Assert.Equal(3, PlainSearch.Fewest(2, 2, occupied, page => page >= 5, 4));
        Assert.Equal(2, PlainSearch.Fewest(2, 2, occupied, page => page >= 5, 4, isGuarded: false));
    }

    /// <summary>Here neither end alone tells how many are needed: in the source's blocks one neighbour stays, and in the destination's another, elsewhere. Only the search finds that three are too few.</summary>
    [Fact]
    public void What_the_estimate_leaves_open_is_searched()
    {
        var search = new FewestEntries(3, 2);
        bool[] isWide = new bool[64];
        foreach (int page in (int[])[4, 5, 6, 8, 9, 26, 27]) // 4 stays beside 5 and 6; 27 stays beside the goals of 8 and 9
            isWide[page] = true;
        var across = new CheckMove(5, 21, 5);
        Assert.True(search.CanDoWith(isWide, across, 4, TestContext.Current.CancellationToken));
        Assert.False(search.CanDoWith(isWide, across, 3, TestContext.Current.CancellationToken));
        Assert.True(search.States > 0);
    }

    private static IEnumerable<CheckMove> MovesOf(int first, int end, int[] occupied)
    {
        for (int old = first; old < end; old++)
        {
            for (int length = 1; old + length <= end; length++)
            {
                for (int to = first; to + length <= end; to++)
                {
                    var move = new CheckMove(old, to, length);
                    if (to != old && occupied.All(page => move.Takes(page) || page < to || page >= to + length))
                        yield return move;
                }
            }
        }
    }
}
