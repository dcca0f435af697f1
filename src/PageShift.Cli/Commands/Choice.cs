using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace PageShift.Cli.Commands;

/// <summary>Options and arguments whose wrong values are answered in one line: what was found, and what was expected.</summary>
internal static class Choice
{
    /// <summary>As many words stand in an option's name in the help; more are in its description.</summary>
    private const int MostNamed = 4;

    /// <summary>An option that takes one of some words; the first is the default.</summary>
    internal static Option<string> One(string name, string description, params string[] words)
    {
        Option<string> option = OptionalOne(name, description, words)!;
        option.DefaultValueFactory = _ => words[0];
        return option;
    }

    /// <summary>An option that takes one of some words, and has none when it is not given.</summary>
    internal static Option<string?> OptionalOne(string name, string description, params string[] words)
    {
        bool isShort = words.Length <= MostNamed;
        var option = new Option<string?>(name)
        {
            Description = isShort ? description : $"{description} One of {string.Join(", ", words)}.",
            HelpName = isShort ? string.Join('|', words) : "NAME",
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

    /// <summary>An option that takes a number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    internal static Option<T> Number<T>(string name, string description, T least, T most, T byDefault)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => byDefault,
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>An option that takes a number from <paramref name="least"/> to <paramref name="most"/>, and has none when it is not given.</summary>
    internal static Option<T?> OptionalNumber<T>(string name, string description, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>An option that takes a span of time, such as 30s, 500ms or 1.5m, and has none when it is not given. A number alone is seconds.</summary>
    internal static Option<TimeSpan?> OptionalTime(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (ParseTime(text) is { } time)
                return time;
            result.AddError(Wrong(name, text, "a time such as 30s, 500ms or 5m"));
            return null;
        },
    };

    /// <summary>Reads a span of time; null when it is none, or not one from a millisecond to thirty days.</summary>
    private static TimeSpan? ParseTime(string text)
    {
        int digits = text.AsSpan().IndexOfAnyExcept("0123456789.");
        double? unit = (digits < 0 ? "s" : text[digits..]) switch
        {
            "ms" => 0.001,
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => null,
        };
        const double Least = 0.001, Most = 30 * 86400.0;
        bool isNumber = double.TryParse(digits < 0 ? text : text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        double? seconds = isNumber ? number * unit : null;
        return seconds is >= Least and <= Most ? TimeSpan.FromSeconds(seconds.Value) : null;
    }

    /// <summary>An argument that is a number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    internal static Argument<T> NumberArgument<T>(string name, string description, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            CustomParser = result => Parse(result, name, least, most),
        };

    private static T Parse<T>(ArgumentResult result, string name, T least, T most)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        NumberStyles digits = typeof(T) == typeof(double) ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
        if (T.TryParse(text, digits, CultureInfo.InvariantCulture, out T number) && number >= least && number <= most)
            return number;
        string kind = digits == NumberStyles.None ? "a whole number" : "a number";
        result.AddError(Wrong(name, text, string.Create(CultureInfo.InvariantCulture, $"{kind} from {least} to {most}")));
        return least;
    }

    private static string Wrong(string name, string found, string expected) => $"{name}: found '{found}', expected {expected}";
}
