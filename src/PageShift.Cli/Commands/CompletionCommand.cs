using System.CommandLine;
using System.CommandLine.Completions;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift completion SHELL</c>: prints what makes a shell complete the tool's words. The shell then asks the hidden verb <c>complete</c>.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # In ~/.bashrc:  eval "$(pageshift completion bash)"
        _pageshift() {
            local IFS=$'\n'
            COMPREPLY=($(pageshift complete --position "$COMP_POINT" -- "$COMP_LINE" 2>/dev/null))
        }
        complete -o bashdefault -o default -F _pageshift pageshift
        """;

    private const string Zsh = """
        # In ~/.zshrc, after compinit:  eval "$(pageshift completion zsh)"
        _pageshift() {
            local -a found
            found=("${(@f)$(pageshift complete --position "$CURSOR" -- "$BUFFER" 2>/dev/null)}")
            if [[ -n "${found[*]}" ]]; then compadd -- $found; else _files; fi
        }
        compdef _pageshift pageshift
        """;

    private const string Fish = """
        # In ~/.config/fish/completions/pageshift.fish:  pageshift completion fish | source
        function __pageshift_complete
            set -l found (pageshift complete --position (commandline -C) -- (commandline) 2>/dev/null)
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

    /// <summary>The verb that the scripts ask: what can stand at a position of a command line.</summary>
    internal static Command CreateAnswer(Command root)
    {
        var position = new Option<int>("--position") { DefaultValueFactory = _ => int.MaxValue };
        var line = new Argument<string>("LINE");
        var command = new Command("complete", "Answer a shell.") { position, line };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            // The tool's own name may be a path, or quoted: it is taken away.
            string text = parsed.GetValue(line)!;
            int own = text.IndexOf(' ', StringComparison.Ordinal) is var space and >= 0 ? space + 1 : text.Length;
            string rest = text[own..];
            int at = Math.Clamp(parsed.GetValue(position) - own, 0, rest.Length);
            string word = rest[(rest[..at].LastIndexOf(' ') + 1)..at];
            foreach (CompletionItem item in root.Parse(rest).GetCompletions(at))
            {
                string given = item.InsertText ?? item.Label;
                if (given.StartsWith(word, StringComparison.Ordinal) && !given.StartsWith('/'))
                    Console.WriteLine(given);
            }

            return ExitCode.Done;
        });
        return command;
    }
}
