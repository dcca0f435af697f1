using System.CommandLine;
using System.CommandLine.Parsing;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift completion SHELL</c>: prints what makes a shell complete the tool's words. The shell then asks the hidden verb <c>complete</c>.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # In ~/.bashrc:  eval "$(pageshift completion bash)"
        _pageshift() {
            local IFS=$'\n'
            COMPREPLY=($(pageshift complete -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
            [[ $COMP_WORDBREAKS != *=* ]] || COMPREPLY=("${COMPREPLY[@]#*=}")
        }
        complete -o bashdefault -o default -F _pageshift pageshift
        """;

    private const string Zsh = """
        # In ~/.zshrc, after compinit:  eval "$(pageshift completion zsh)"
        _pageshift() {
            local -a found
            found=("${(@f)$(pageshift complete -- "pageshift ${(j: :)words[2,CURRENT-1]} $PREFIX" 2>/dev/null)}")
            if [[ -n "${found[*]}" ]]; then compadd -- $found; else _files; fi
        }
        compdef _pageshift pageshift
        """;

    private const string Fish = """
        # In ~/.config/fish/completions/pageshift.fish:  pageshift completion fish | source
        function __pageshift_complete
            set -l found (pageshift complete -- (commandline -cp | string collect) 2>/dev/null)
            if test (count $found) -gt 0
                printf '%s\n' $found
            else
                __fish_complete_path (commandline -ct)
            end
        end
        complete -c pageshift -f -a '(__pageshift_complete)'
        """;

    internal static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.CompletionSources.Add("bash", "zsh", "fish");
        var command = new Command("completion", "Print the script that lets a shell complete this tool's options.") { shell };
        command.SetAction(parsed =>
        {
            Console.WriteLine(parsed.GetValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                { } other => throw new UsageException($"found '{other}', expected one of bash, zsh, fish"),
                null => throw new UsageException("found no shell, expected one of bash, zsh, fish"),
            });
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The verb that the scripts ask: what can stand at the end of a command line, typed so far.</summary>
    internal static Command CreateAnswer(Command root)
    {
        var line = new Argument<string>("LINE");
        var command = new Command("complete", "Answer a shell.") { line };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            foreach (string word in Offers(root, parsed.GetValue(line)!))
                Console.WriteLine(word);
            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<string> Offers(Command root, string line)
    {
        // The last word is the one to complete; of --option=value it is the value.
        int start = line.LastIndexOf(' ') + 1;
        string before = line[..start];
        string word = line[start..];
        string kept = "";
        if (word.StartsWith('-') && word.IndexOf('=', StringComparison.Ordinal) is var equals and >= 0)
        {
            before += $"{word[..equals]} ";
            kept = word[..(equals + 1)];
            word = word[(equals + 1)..];
        }

        // The tool's own name may be a path. What comes after '--' or a traced COMMAND is not the tool's to complete.
        string[] words = TraceCommand.SetProgramApart([.. CommandLineParser.SplitCommandLine(before).Skip(1)]);
        if (words.Contains("--"))
            return [];
        // The parser takes what follows an option for its value, even where the option has none. It finds the same without it.
        IEnumerable<string> typed = words.Where(w => !IsFlag(root, w)).Select(w => w.Contains(' ', StringComparison.Ordinal) ? $"\"{w}\"" : w);
        string text = string.Join(' ', typed.Append(""));
        return root.Parse(text).GetCompletions(text.Length)
            .Select(item => item.InsertText ?? item.Label)
            .Where(offer => offer.StartsWith(word, StringComparison.Ordinal) && !offer.StartsWith('/') && (kept == "" || !offer.StartsWith('-')))
            .Select(offer => kept + offer);
    }

    private static bool IsFlag(Command command, string word)
    {
        return command.Options.Any(o => o.ValueType == typeof(bool) && (o.Name == word || o.Aliases.Contains(word)))
            || command.Subcommands.Any(verb => IsFlag(verb, word));
    }
}
