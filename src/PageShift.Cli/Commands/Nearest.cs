namespace PageShift.Cli.Commands;

/// <summary>Finds the word that was probably meant.</summary>
internal static class Nearest
{
    private const int ShortestPrefix = 3;

    /// <summary>The one candidate that a word is a mistyping of, or the beginning of; null when there is none, or more than one that is as near.</summary>
    internal static string? Of(string word, IEnumerable<string> candidates)
    {
        string core = word.Trim('-');
        string[] all = [.. candidates];
        string[] longer = [.. all.Where(c => core.Length >= ShortestPrefix && c.Trim('-').StartsWith(core, StringComparison.Ordinal))];
        if (longer.Length == 1)
            return longer[0];
        (string Candidate, int Distance)[] near = [.. all
            .Select(c => (Candidate: c, Distance: Distance(core, c.Trim('-'))))
            .Where(c => c.Distance * 3 <= core.Length)
            .OrderBy(c => c.Distance)];
        return near.Length == 1 || (near.Length > 1 && near[0].Distance < near[1].Distance) ? near[0].Candidate : null;
    }

    /// <summary>Insertions, deletions, replacements and exchanges of neighbours that make one word of the other.</summary>
    private static int Distance(string from, string to)
    {
        int[,] distance = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distance[i, j] = i + j;
                    continue;
                }

                int replaced = distance[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                int best = Math.Min(replaced, 1 + Math.Min(distance[i - 1, j], distance[i, j - 1]));
                bool isExchange = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                distance[i, j] = isExchange ? Math.Min(best, distance[i - 2, j - 2] + 1) : best;
            }
        }

        return distance[from.Length, to.Length];
    }
}
