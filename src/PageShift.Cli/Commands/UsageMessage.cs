using System.CommandLine;
using System.CommandLine.Parsing;

namespace PageShift.Cli.Commands;

/// <summary>Says in one line what is wrong with a command line, and what was probably meant.</summary>
internal static class UsageMessage
{
    /// <summary>Describes the first thing that is wrong with a command line; null when nothing is.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="root">The tool's command.</param>
    internal static string? Of(ParseResult parsed, Command root)
    {
        Command command = parsed.CommandResult.Command;
        if (UnknownWord(parsed) is { } word)
            return command == root ? OfVerb(word, root) : OfWord(word, command, root);
        if (parsed.Errors is not [{ } error, ..])
            return null;
        return error.SymbolResult switch
        {
            ArgumentResult { Parent: OptionResult option } => OfOption(option, error),
            OptionResult option => OfOption(option, error),
            ArgumentResult { Tokens.Count: 0 } missing => $"found no {NameOf(missing.Argument)} ({See(command, root)})",
            CommandResult when command == root => $"found no verb, expected one of {string.Join(", ", Verbs(root))} ({See(command, root)})",
            _ => error.Message,
        };
    }

    /// <summary>The first word that has no use: one that is left over, or an option that is none and was taken for a file's name.</summary>
    private static string? UnknownWord(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is [{ } left, ..])
            return left;
        Token[] before = [.. parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)];
        return parsed.CommandResult.Command.Arguments
            .SelectMany(a => parsed.GetResult(a)?.Tokens ?? [])
            .FirstOrDefault(t => t.Value is ['-', _, ..] && before.Contains(t))?.Value;
    }

    /// <summary>A word where a verb has to stand.</summary>
    private static string OfVerb(string word, Command root)
    {
        if (word.Length != 0 && !word.StartsWith('-') && MeantWith(word) is { } line)
            return $"found '{word}', expected a verb; did you mean '{root.Name} {line}'?";
        string? meant = Nearest.Of(word, Verbs(root)) ?? Nearest.Of(word, OptionNames(root));
        return meant is null ? $"found '{word}', expected a verb ({See(root, root)})" : $"found '{word}', expected a verb; did you mean '{meant}'?";
    }

    /// <summary>The command line that somebody means who gives a file without a verb; null for no file.</summary>
    private static string? MeantWith(string word)
    {
        int colon = word.LastIndexOf(':');
        if (colon > 0 && File.Exists(word[..colon]) && word[(colon + 1)..].All(char.IsAsciiDigit))
            return $"explain {word}";
        if (!File.Exists(word))
            return null;
        bool isProgram = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(word) & UnixFileMode.UserExecute) != 0;
        return isProgram ? $"trace -- {word}" : $"run {word}";
    }

    /// <summary>A word behind a verb that has no use for it.</summary>
    private static string OfWord(string word, Command command, Command root)
    {
        if (!word.StartsWith('-'))
            return $"found '{word}', expected nothing more ({See(command, root)})";
        string? meant = Nearest.Of(word, OptionNames(command));
        return $"found '{word}', expected an option of {command.Name}{(meant is null ? $" ({See(command, root)})" : $"; did you mean '{meant}'?")}";
    }

    /// <summary>An option without its value, with too many, or with a wrong one, of which its own parser has spoken.</summary>
    private static string OfOption(OptionResult option, ParseError error)
    {
        string name = option.IdentifierToken?.Value ?? option.Option.Name;
        if (option.Tokens.Count == 0)
            return $"{name}: found nothing, expected {option.Option.HelpName ?? "a value"}";
        return option.Tokens.Count > option.Option.Arity.MaximumNumberOfValues ? $"{name}: found {option.Tokens.Count} values, expected one" : error.Message;
    }

    private static string See(Command command, Command root) => command == root ? $"see '{root.Name} --help'" : $"see '{root.Name} {command.Name} --help'";

    private static string NameOf(Argument argument) => argument.HelpName ?? argument.Name;

    private static IEnumerable<string> Verbs(Command root) => root.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);

    private static IEnumerable<string> OptionNames(Command command) => command.Options.Where(o => !o.Hidden).Select(o => o.Name);
}
