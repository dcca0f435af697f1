namespace PageShift.Tests.Checking;

/// <summary>The fewest entry moves, found by trying everything: no estimate, no symmetry. Shares no code with what is tested.</summary>
internal static class PlainSearch
{
    /// <summary>The length of the shortest sequence.</summary>
    /// <param name="levels">The levels of tables.</param>
    /// <param name="bits">The address bits that index one.</param>
    /// <param name="occupied">The pages that are there.</param>
    /// <param name="moves">Tells whether a page moves.</param>
    /// <param name="delta">By how many pages.</param>
    /// <param name="isGuarded">True when what does not move must never be moved.</param>
    internal static int Fewest(int levels, int bits, IReadOnlyCollection<int> occupied, Func<int, bool> moves, int delta, bool isGuarded = true)
    {
        int pages = 1 << (levels * bits);
        char[] start = new char[pages];
        char[] goal = new char[pages];
        foreach (int page in occupied)
        {
            start[page] = Mark(page);
            goal[moves(page) ? page + delta : page] = Mark(page);
        }

        bool MayMove(char mark) => !isGuarded || moves(mark - 1);
        string end = new(goal);
        var seen = new HashSet<string> { new(start) };
        List<string> layer = [.. seen];
        for (int length = 0; ; length++)
        {
            if (layer.Contains(end))
                return length;
            layer = [.. layer.SelectMany(state => After(state, levels, bits, MayMove)).Where(seen.Add)];
        }
    }

    private static IEnumerable<string> After(string state, int levels, int bits, Func<char, bool> mayMove)
    {
        for (int span = 1; span < 1 << (levels * bits); span <<= bits)
        {
            for (int from = 0; from < state.Length; from += span)
            {
                string block = state.Substring(from, span);
                if (block.All(mark => mark == 0) || !block.All(mark => mark == 0 || mayMove(mark)))
                    continue;
                for (int to = 0; to < state.Length; to += span)
                {
                    if (state.AsSpan(to, span).IndexOfAnyExcept('\0') < 0)
                        yield return Replace(Replace(state, from, new string('\0', span)), to, block);
                }
            }
        }
    }

    private static string Replace(string state, int at, string part) => string.Concat(state.AsSpan(0, at), part, state.AsSpan(at + part.Length));

    private static char Mark(int page) => (char)(page + 1);
}
