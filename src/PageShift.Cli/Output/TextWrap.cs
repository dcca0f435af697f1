namespace PageShift.Cli.Output;

/// <summary>Breaks text at blanks, except between a number and its unit.</summary>
internal static class TextWrap
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "PGD", "P4D", "PUD", "PMD", "PTE"];

    /// <summary>The lines of a text, none wider than <paramref name="width"/> unless one word is.</summary>
    /// <param name="first">What stands before the first line.</param>
    /// <param name="hanging">What stands before the others.</param>
    /// <param name="text">The text.</param>
    /// <param name="width">The columns.</param>
    internal static IEnumerable<string> Lines(string first, string hanging, string text, int width)
    {
        string line = first;
        bool isEmpty = true;
        foreach (string word in Words(text))
        {
            if (!isEmpty && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = hanging;
                isEmpty = true;
            }

            line += isEmpty ? word : $" {word}";
            isEmpty = false;
        }

        yield return line;
    }

    private static IEnumerable<string> Words(string text)
    {
        string[] pieces = text.Split(' ');
        for (int i = 0; i < pieces.Length; i++)
        {
            bool isWithUnit = i + 1 < pieces.Length && pieces[i].Length != 0 && char.IsDigit(pieces[i][^1]) && Units.Contains(pieces[i + 1].TrimEnd(',', '.', ':', ')'));
            yield return isWithUnit ? $"{pieces[i]} {pieces[++i]}" : pieces[i];
        }
    }
}
