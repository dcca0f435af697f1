using System.CommandLine;
using System.Globalization;

namespace PageShift.Cli.Commands;

/// <summary>The value of <c>--shard</c>: one of some equal parts. The index counts from 0.</summary>
internal sealed record Shard(int Index, int Count)
{
    private const string Name = "--shard";

    /// <summary>The one part that is all.</summary>
    internal static Shard Whole { get; } = new(0, 1);

    /// <summary>--shard I/N, where I counts from 1; all in one part without it.</summary>
    internal static Option<Shard?> Option(string description) => new(Name)
    {
        Description = $"{description} Without it there is one part.",
        HelpName = "I/N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            Shard? shard = Parse(text);
            if (shard is null)
                result.AddError($"{Name}: found '{text}', expected I/N with 1 <= I <= N, such as 3/8");
            return shard;
        },
    };

    private static Shard? Parse(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && index >= 1 && index <= count
            ? new Shard(index - 1, count)
            : null;
    }
}
