using System.Numerics;

namespace PageShift.Verification.Checking;

/// <summary>
/// Searches for the shortest sequence of entry moves that brings about a move, over all sequences there are. Knows nothing of the planner.
/// </summary>
/// <remarks>
/// <para><b>What is searched.</b> A state tells which page holds what. One move takes one entry of any level, with all that is below it, from its slot to any slot of the same level, anywhere in the
/// tree, under which nothing is. That costs 1, whatever the level. Making tables, freeing empty ones and splitting large leaves are free: a table is there just where something is below it, and
/// a large leaf counts as a table full of pages. The goal: every page of the source is at its destination, every other page where it was.</para>
/// <para><b>The guard.</b> An entry below which a page lives that does not belong to the move never moves, not even there and back: what does not move can be reached at its address at
/// every moment. (Without the guard, a table with one neighbour could move whole and the neighbour back, with two entries.)</para>
/// <para><b>How.</b> Breadth first, over states that were not seen before; a state from which more moves are needed than are left is dropped. How many are needed at least, the estimate tells.</para>
/// <para><b>The estimate.</b> An entry of level L moves by a multiple of its span. Take the pages that are not at their goal and whose way is a multiple of level k's span, but not of the next
/// level's. Each of them takes part in a move of level k or below. And its next move is at the most of level s, the highest level at which nothing that stays lives in its
/// block. Call the block of level min(k, s) around such a page its own. <em>There are at least as many moves left as such blocks.</em> Give each page a move of level k or below: if s &lt;= k, its next
/// move; else the next one of level k or below. Let two pages p and q share a move. (1) s &lt;= k for both: it is the next move of both, so they are in one entry of a level that is at most both s: in p's own
/// block lies q, and nothing that stays, so q's s is at least p's, and the other way round: their own blocks are the same. (2) s &lt;= k for p only: until that move p stood where it is
/// now, and q was moved by entries above level k only, into slots under which nothing was; had q been moved at all, it
/// could not be in one entry of level k or below with p; so it was not, and the block of level s around q, which is above level k, is around p too and holds nothing that stays, against s &lt;= k for p. (3) s &gt; k for both: both were moved by entries
/// above level k only, which keep different blocks of level k different; so they are in one block of level k, which is the own block of both. Pages with different own blocks thus have different
/// moves. Read backwards, a sequence of moves is one too, so the same holds for the blocks at the goals. The estimate is the largest of these counts.</para>
/// <para><b>Symmetry.</b> Of sibling slots under which nothing is and nothing belongs, only the lowest is tried as a target: exchanging two such siblings changes neither the state nor the goal, and
/// turns every sequence into one of the same length.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
internal sealed class FewestEntries
{
    private readonly int _levels;
    private readonly int _bits;
    private readonly int _pages;

    // For each level and block: what stays there, what has its goal there, what is there now of what moves; and the number of the count that it was last seen in.
    private readonly int[][] _staying;
    private readonly int[][] _goals;
    private readonly int[][] _moving;
    private readonly int[][] _seenIn;
    private int _count;

    private int[] _goal = [];
    private int[] _goalLevel = []; // the highest level at which nothing that stays lives in the goal's block

    internal FewestEntries(int levels, int indexBits)
    {
        _levels = levels;
        _bits = indexBits;
        _pages = 1 << (levels * indexBits);
        _staying = MakeBlocks();
        _goals = MakeBlocks();
        _moving = MakeBlocks();
        _seenIn = MakeBlocks();
    }

    /// <summary>States that searches have looked at so far.</summary>
    internal long States { get; private set; }

    /// <summary>Tells whether <paramref name="most"/> entries can be enough.</summary>
    /// <param name="isOccupied">Which pages are occupied.</param>
    /// <param name="move">The move.</param>
    /// <param name="most">How many entries may be moved.</param>
    /// <param name="cancellation">Ends the search, which can take minutes.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    internal bool CanDoWith(ReadOnlySpan<bool> isOccupied, in CheckMove move, int most, CancellationToken cancellation = default)
    {
        int[] start = Begin(isOccupied, move);
        if (start.Length == 0)
            return most >= 0;
        if (most <= 0 || Estimate(start) > most)
            return false;
        var seen = new HashSet<string> { Key(start) };
        List<int[]> layer = [start];
        for (int left = most - 1; left >= 0 && layer.Count != 0; left--)
        {
            var next = new List<int[]>();
            foreach (int[] state in layer)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (int[] after in Successors(state))
                {
                    States++;
                    if (after.AsSpan().SequenceEqual(_goal))
                        return true;
                    if (left > 0 && Estimate(after) <= left && seen.Add(Key(after)))
                        next.Add(after);
                }
            }

            layer = next;
        }

        return false;
    }

    /// <summary>The fewest moves that a state needs at the least.</summary>
    internal int Estimate(ReadOnlySpan<int> state)
    {
        int least = 0;
        for (int k = 0; k < _levels; k++)
        {
            int here = 0;
            int there = 0;
            _count++;
            for (int i = 0; i < state.Length; i++)
            {
                if (WayLevel(state[i], _goal[i]) == k && IsFirstOfBlock(state[i], Math.Min(k, FreeLevel(state[i]))))
                    here++;
            }

            _count++;
            for (int i = 0; i < state.Length; i++)
            {
                if (WayLevel(state[i], _goal[i]) == k && IsFirstOfBlock(_goal[i], Math.Min(k, _goalLevel[i])))
                    there++;
            }

            least = Math.Max(least, Math.Max(here, there));
        }

        return least;
    }

    private int[] Begin(ReadOnlySpan<bool> isOccupied, in CheckMove move)
    {
        Clear(_staying);
        Clear(_goals);
        var start = new List<int>();
        for (int page = 0; page < _pages; page++)
        {
            if (!isOccupied[page])
                continue;
            if (move.Takes(page))
            {
                start.Add(page);
                Add(_goals, page + move.Delta);
            }
            else
            {
                Add(_staying, page);
            }
        }

        int delta = move.Delta;
        _goal = [.. start.Select(page => page + delta)];
        _goalLevel = [.. _goal.Select(FreeLevel)];
        return [.. start];
    }

    private List<int[]> Successors(int[] state)
    {
        var successors = new List<int[]>();
        Clear(_moving);
        foreach (int page in state)
            Add(_moving, page);
        for (int level = 0; level < _levels; level++)
        {
            for (int from = 0; from < _moving[level].Length; from++)
            {
                if (_moving[level][from] == 0 || _staying[level][from] != 0)
                    continue;
                for (int to = 0; to < _moving[level].Length; to++)
                {
                    if (_moving[level][to] == 0 && _staying[level][to] == 0 && IsWorthTrying(level, to))
                        successors.Add(Moved(state, level, from, to));
                }
            }
        }

        return successors;
    }

    private int[] Moved(int[] state, int level, int from, int to)
    {
        int[] after = [.. state];
        for (int i = 0; i < after.Length; i++)
        {
            if (Block(after[i], level) == from)
                after[i] += (to - from) << (level * _bits);
        }

        return after;
    }

    /// <summary>False for a target that has a lower sibling just like it, or lies below a block that has one: see "Symmetry".</summary>
    private bool IsWorthTrying(int level, int block)
    {
        for (; level < _levels; level++, block >>= _bits)
        {
            if (!IsBarren(level, block))
                return true; // and so is everything above
            for (int sibling = block & ~((1 << _bits) - 1); sibling < block; sibling++)
            {
                if (IsBarren(level, sibling))
                    return false;
            }
        }

        return true;
    }

    private bool IsBarren(int level, int block) => _moving[level][block] == 0 && _staying[level][block] == 0 && _goals[level][block] == 0;

    /// <summary>The highest level of whose span the way between two pages is a multiple; -1 for no way at all.</summary>
    private int WayLevel(int from, int to) => from == to ? -1 : Math.Min(_levels - 1, BitOperations.TrailingZeroCount(from - to) / _bits);

    /// <summary>The highest level at which nothing that stays lives in the block around a page.</summary>
    private int FreeLevel(int page)
    {
        int level = 0;
        while (level + 1 < _levels && _staying[level + 1][Block(page, level + 1)] == 0)
            level++;
        return level;
    }

    private bool IsFirstOfBlock(int page, int level)
    {
        ref int seenIn = ref _seenIn[level][Block(page, level)];
        bool isFirst = seenIn != _count;
        seenIn = _count;
        return isFirst;
    }

    private int Block(int page, int level) => page >> (level * _bits);

    private void Add(int[][] blocks, int page)
    {
        for (int level = 0; level < _levels; level++)
            blocks[level][Block(page, level)]++;
    }

    private int[][] MakeBlocks() => [.. Enumerable.Range(0, _levels).Select(level => new int[_pages >> (level * _bits)])];

    private static void Clear(int[][] blocks)
    {
        foreach (int[] level in blocks)
            Array.Clear(level);
    }

    private static string Key(int[] state) => string.Create(state.Length, state, (text, pages) =>
    {
        for (int i = 0; i < pages.Length; i++)
            text[i] = (char)pages[i];
    });
}
