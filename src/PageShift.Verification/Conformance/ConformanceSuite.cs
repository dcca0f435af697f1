using System.Reflection;

namespace PageShift.Verification.Conformance;

/// <summary>The files of cases, which this assembly has with it.</summary>
internal static class ConformanceSuite
{
    /// <summary>Where the files lie in the sources.</summary>
    internal const string Folder = "src/PageShift.Verification/Conformance/Cases";

    private const string Begin = "#case ";
    private const string Prefix = "conformance/";

    private static readonly Assembly Here = typeof(ConformanceSuite).Assembly;

    /// <summary>The files, in the order of their names.</summary>
    internal static IReadOnlyList<string> Files { get; } =
        [.. Here.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>All cases.</summary>
    internal static IReadOnlyList<ConformanceCase> Cases { get; } = [.. Files.SelectMany(Read)];

    /// <summary>What stands before the first case: the file's subject, without comment signs.</summary>
    internal static string SubjectOf(string file) =>
        string.Join(' ', LinesOf(file).TakeWhile(line => !line.StartsWith(Begin, StringComparison.Ordinal)).Select(line => line.TrimStart('#', ' '))).Trim();

    /// <summary>The cases of a file, in its order.</summary>
    internal static IReadOnlyList<ConformanceCase> Read(string file) => Read(file, LinesOf(file));

    /// <summary>The cases of some lines.</summary>
    internal static IReadOnlyList<ConformanceCase> Read(string file, IEnumerable<string> text)
    {
        var cases = new List<ConformanceCase>();
        var lines = new List<string>();
        foreach (string line in text)
        {
            if (line.StartsWith(Begin, StringComparison.Ordinal))
            {
                Close();
                lines.Add(line);
            }
            else if (lines.Count != 0 && line.Length != 0)
            {
                lines.Add(line);
            }
        }

        Close();
        return cases;

        void Close()
        {
            if (lines.Count == 0)
                return;
            string title = string.Join(' ', lines.Skip(1).TakeWhile(line => line.StartsWith("# ", StringComparison.Ordinal)).Select(line => line[2..]));
            cases.Add(new ConformanceCase(file, lines[0][Begin.Length..], title, [.. lines]));
            lines.Clear();
        }
    }

    /// <summary>The text of a resource.</summary>
    internal static string TextOf(string resource)
    {
        using var reader = new StreamReader(Here.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> LinesOf(string file)
    {
        using var reader = new StringReader(TextOf(Prefix + file));
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
