using System.CommandLine;
using System.Reflection;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift help TOPIC</c>: the documents, which the tool has with it, and the help of each verb.</summary>
internal static class HelpCommand
{
    private const string Prefix = "help/";
    private const string Suffix = ".md";

    internal static Command Create(Command root)
    {
        Assembly tool = typeof(HelpCommand).Assembly;
        string[] topics = [.. tool.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => n[Prefix.Length..^Suffix.Length]).Order()];
        var topic = new Argument<string?>("TOPIC") { Description = "One of the topics that 'pageshift help' lists, or a verb.", HelpName = "TOPIC", Arity = ArgumentArity.ZeroOrOne };
        topic.CompletionSources.Add(topics);
        var command = new Command("help", "Read the documentation: topics, and the help of each verb.") { topic };
        command.SetAction(parsed =>
        {
            string? wanted = parsed.GetValue(topic);
            if (wanted is null)
                return List(tool, topics);
            if (topics.Contains(wanted))
            {
                Console.Write(TextOf(tool, wanted));
                return ExitCode.Done;
            }

            return root.Subcommands.Any(c => c.Name == wanted && !c.Hidden)
                ? root.Parse([wanted, "--help"]).Invoke()
                : throw new UsageException($"found '{wanted}', expected a verb or one of the topics {string.Join(", ", topics)}");
        });
        return command;
    }

    private static int List(Assembly tool, string[] topics)
    {
        Console.WriteLine("Topics ('pageshift help TOPIC'):");
        int width = topics.Max(t => t.Length);
        foreach (string topic in topics)
            Console.WriteLine($"  {topic.PadRight(width)}  {TextOf(tool, topic).Split('\n')[0].TrimStart('#', ' ')}");
        Console.WriteLine("Each verb has its own help: 'pageshift run --help'.");
        return ExitCode.Done;
    }

    private static string TextOf(Assembly tool, string topic)
    {
        using var reader = new StreamReader(tool.GetManifestResourceStream($"{Prefix}{topic}{Suffix}")!);
        return reader.ReadToEnd();
    }
}
