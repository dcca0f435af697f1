using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace PageShift.Cli.Commands;

/// <summary>Options whose wrong values are answered in one line: what was found, and what was expected.</summary>
internal static class Choice
{
    /// <summary>An option that takes one of some words; the first is the default.</summary>
    internal static Option<string> One(string name, string description, params string[] words)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => words[0],
            CustomParser = result =>
            {
                string word = result.Tokens[0].Value;
                if (!words.Contains(word))
                    result.AddError(Wrong(name, word, $"one of {string.Join(", ", words)}"));
                return word;
            },
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that may be given several times, each time with the name of one of some values.</summary>
    internal static Option<T[]> Several<T>(string name, string description, IReadOnlyList<T> values, Func<T, string> nameOf)
    {
        string[] words = [.. values.Select(nameOf)];
        var option = new Option<T[]>(name)
        {
            Description = $"{description} One of {string.Join(", ", words)}.",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                var chosen = new List<T>();
                foreach (Token token in result.Tokens)
                {
                    int index = Array.IndexOf(words, token.Value);
                    if (index >= 0)
                        chosen.Add(values[index]);
                    else
                        result.AddError(Wrong(name, token.Value, $"one of {string.Join(", ", words)}"));
                }

                return [.. chosen];
            },
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that takes a number of things, 0 or more.</summary>
    internal static Option<int> Count(string name, string description, int byDefault) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => byDefault,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
                result.AddError(Wrong(name, text, $"a whole number from 0 to {int.MaxValue}"));
            return count;
        },
    };

    private static string Wrong(string name, string found, string expected) => $"{name}: found '{found}', expected {expected}";
}
