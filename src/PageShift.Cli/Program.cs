using System.CommandLine;
using PageShift.Cli.Commands;

namespace PageShift.Cli;

internal static class Program
{
    private static int Main(string[] args)
    {
        var root = new RootCommand("Shows what every remap costs: how many page-table entries each generation of Linux moves, and how many PageShift moves.")
        {
            RunCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count != 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
                Console.Error.WriteLine($"pageshift: {error.Message}");
            Console.Error.WriteLine("pageshift: see 'pageshift --help'");
            return ExitCode.WrongInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (UsageException error)
        {
            Console.Error.WriteLine($"pageshift: {error.Message}");
            return ExitCode.WrongInput;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"pageshift: {error.Message}");
            return ExitCode.WrongInput;
        }
        catch (InsufficientMemoryException error)
        {
            Console.Error.WriteLine($"pageshift: {error.Message}");
            return ExitCode.NotPossibleHere;
        }
    }
}
