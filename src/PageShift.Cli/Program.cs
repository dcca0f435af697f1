using System.CommandLine;
using System.CommandLine.Help;
using PageShift.Calls;
using PageShift.Cli.Commands;
using PageShift.Cli.Files;
using PageShift.Cli.Words;

namespace PageShift.Cli;

internal static class Program
{
    private static int Main(string[] args)
    {
        MemoryShortage.Watch();
        try
        {
            StandardStreams.Install();
            return Run(args);
        }
        catch (Exception error) when (MemoryShortage.Explains(error))
        {
            MemoryShortage.Tell();
            return ExitCode.NotPossibleHere;
        }
    }

    private static int Run(string[] args)
    {
        // Not a RootCommand, which names itself after the assembly.
        var root = new Command("pageshift", "Shows what every mremap costs: how many page-table entries each generation of Linux moves, and how many PageShift moves.")
        {
            RunCommand.Create(),
            ExplainCommand.Create(),
            TraceCommand.Create(),
            CheckCommand.Create(),
            FuzzCommand.Create(),
            ConformCommand.Create(),
            BenchCommand.Create(),
            WalkCommand.Create(),
            TablesCommand.Create(),
            CompletionCommand.Create(),
            new HelpOption { Recursive = true },
            ToolVersion.CreateOption(),
        };
        root.Add(HelpCommand.Create(root));
        root.Add(CompletionCommand.CreateAnswer(root));
        ParseResult parsed = root.Parse(TraceCommand.SetProgramApart(args));
        if (UsageMessage.Of(parsed, root) is { } wrong)
        {
            Tell($"pageshift: {wrong}");
            return ExitCode.WrongInput;
        }

        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
            if (parsed.CommandResult.Command.Name == TraceCommand.Name)
                configuration.ProcessTerminationTimeout = null; // Ctrl-C is for the traced program
            return parsed.Invoke(configuration);
        }
        catch (CallSyntaxException error)
        {
            Tell(error.Message + LogOptions.WayOn(parsed, error));
            return ExitCode.WrongInput;
        }
        catch (Exception error) when (error is UsageException or IOException or UnauthorizedAccessException && !MemoryShortage.Explains(error))
        {
            Tell($"pageshift: {error.Message}");
            return ExitCode.WrongInput;
        }
        catch (NotPossibleException error)
        {
            Tell($"pageshift: {error.Message}");
            return ExitCode.NotPossibleHere;
        }
    }

    /// <summary>Says something in one line on standard error.</summary>
    private static void Tell(string text) => Console.Error.WriteLine(Describe.Printable(text));
}
