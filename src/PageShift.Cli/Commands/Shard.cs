using System.Globalization;

namespace PageShift.Cli.Commands;

/// <summary>The value of <c>--shard</c>.</summary>
internal static class Shard
{
    /// <summary>Reads <c>I/N</c>; the index counts from 0.</summary>
    /// <exception cref="UsageException">It is something else.</exception>
    internal static (int Index, int Count) Parse(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && index >= 1 && index <= count
            ? (index - 1, count)
            : throw new UsageException($"--shard takes I/N with 1 <= I <= N, such as 3/8; found '{text}'.");
    }
}
