using System.Diagnostics;
using System.Text.RegularExpressions;
using PageShift.Tests.Cli;

namespace PageShift.Tests.Documentation;

/// <summary>A command that a document shows, and the output that it shows for it.</summary>
/// <param name="File">The document, from the repository's root.</param>
/// <param name="Line">The command's line in it.</param>
/// <param name="Command">What stands behind "$ ", with the lines in which a backslash continues it.</param>
/// <param name="Output">The lines below, up to the next command or the end of the block.</param>
public sealed partial record ShownCommand(string File, int Line, string Command, string Output)
{
    /// <summary>The commands of a document's blocks of the kind "console".</summary>
    internal static IEnumerable<ShownCommand> In(string file)
    {
        string[] lines = System.IO.File.ReadAllLines(Repository.Path(file));
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] != "```console")
                continue;
            int end = Array.IndexOf(lines, "```", i + 1);
            for (int at = i + 1; at < end;)
            {
                int last = at;
                while (lines[last].EndsWith('\\'))
                    last++;
                int next = last + 1;
                while (next < end && !lines[next].StartsWith("$ ", StringComparison.Ordinal))
                    next++;
                yield return new ShownCommand(file, at + 1, string.Join('\n', lines[at..(last + 1)])[2..], string.Concat(lines[(last + 1)..next].Select(line => line + "\n")));
                at = next;
            }

            i = end;
        }
    }

    /// <summary>Runs the command in <paramref name="directory"/>, with the built tool as ./pageshift.</summary>
    internal (int ExitCode, string Output) Run(string directory)
    {
        string samples = Path.Combine(AppContext.BaseDirectory, "PageShift.Samples.dll");
        string command = Samples().Replace(Launcher().Replace(Command, $"dotnet '{Tool.Assembly}'"), $"dotnet '{samples}'");
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = directory,
        };
        using Process shell = Process.Start(start)!;
        shell.StandardInput.Close();
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return (shell.ExitCode, output);
    }

    /// <summary>Writes into the document what the command prints now.</summary>
    internal void Replace(string output)
    {
        string path = Repository.Path(File);
        System.IO.File.WriteAllText(path, System.IO.File.ReadAllText(path).Replace($"\n$ {Command}\n{Output}", $"\n$ {Command}\n{output}", StringComparison.Ordinal));
    }

    [GeneratedRegex("dotnet run --project samples/Library --")]
    private static partial Regex Samples();

    [GeneratedRegex(@"\./pageshift\b")]
    private static partial Regex Launcher();
}
