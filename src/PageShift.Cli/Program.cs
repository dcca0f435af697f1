using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using PageShift.Calls;
using PageShift.Cli.Commands;

namespace PageShift.Cli;

internal static class Program
{
    private static int Main(string[] args)
    {
        // Not a RootCommand, which names itself after the assembly.
        var root = new Command("pageshift", "Shows what every remap costs: how many page-table entries each generation of Linux moves, and how many PageShift moves.")
        {
            RunCommand.Create(),
            ExplainCommand.Create(),
            FuzzCommand.Create(),
            CheckCommand.Create(),
            TraceCommand.Create(),
            BenchCommand.Create(),
            CompletionCommand.Create(),
            new HelpOption { Recursive = true },
            new VersionOption(),
        };
        root.Add(HelpCommand.Create(root));
        root.Add(CompletionCommand.CreateAnswer(root));
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count != 0)
        {
            foreach (ParseError error in parsed.Errors)
                Console.Error.WriteLine($"pageshift: {string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}");
            Console.Error.WriteLine("pageshift: see 'pageshift --help'");
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
            Console.Error.WriteLine(error.Message);
            return ExitCode.WrongInput;
        }
        catch (Exception error) when (error is UsageException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"pageshift: {error.Message}");
            return ExitCode.WrongInput;
        }
        catch (Exception error) when (error is NotPossibleException or InsufficientMemoryException)
        {
            Console.Error.WriteLine($"pageshift: {error.Message}");
            return ExitCode.NotPossibleHere;
        }
    }
}
