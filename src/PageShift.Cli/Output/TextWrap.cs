namespace PageShift.Cli.Output;

/// <summary>Breaks text at blanks.</summary>
internal static class TextWrap
{
    /// <summary>The lines of a text, none wider than <paramref name="width"/> unless one word is.</summary>
    /// <param name="first">What stands before the first line.</param>
    /// <param name="hanging">What stands before the others.</param>
    /// <param name="text">The text.</param>
    /// <param name="width">The columns.</param>
    internal static IEnumerable<string> Lines(string first, string hanging, string text, int width)
    {
        string line = first;
        bool isEmpty = true;
        foreach (string word in text.Split(' '))
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
}
