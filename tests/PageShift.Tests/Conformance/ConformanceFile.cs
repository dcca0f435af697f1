using PageShift.Calls;

namespace PageShift.Tests.Conformance;

/// <summary>One case: calls from an empty address space, with what they return and leave behind. Lines of it:
/// <list type="bullet">
/// <item><c>#case name</c> begins it; comments that follow say which rule it shows;</item>
/// <item>a call with its result; mincore with its vector;</item>
/// <item><c>#needs protection keys</c>, or <c>#needs no protection keys</c>: the processor that it is about; without it any;</item>
/// <item><c>#maps</c>: all mappings of the process that made the last call;</item>
/// <item><c>#flags ADDRESS</c>: the flags of the mapping there;</item>
/// <item><c>#pages ADDRESS COUNT</c>: a letter for each page: P private, F of an object, Z the page of zeroes, G guard, '.' none.</item>
/// </list></summary>
internal sealed record ConformanceCase(string File, string Name, string Title, IReadOnlyList<string> Lines)
{
    /// <summary>The case as the file has it.</summary>
    internal string Text => string.Join('\n', Lines);

    /// <summary>Whether the processor it is about has protection keys; null when that does not matter.</summary>
    internal bool? NeedsProtectionKeys =>
        Lines.Contains("#needs protection keys") ? true : Lines.Contains("#needs no protection keys") ? false : null;

    /// <summary>True when it makes calls on objects that processes share.</summary>
    internal bool UsesShared => Calls().Values.Any(call => call.Call.Description is { IsOnShared: true });

    /// <summary>The calls, by the index of their line.</summary>
    internal IReadOnlyDictionary<int, CallRecord> Calls()
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Text));
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = $"{File}:{Name}", Strict = true });
        var calls = new Dictionary<int, CallRecord>();
        while (reader.TryRead(out CallRecord record))
        {
            if (record.Kind == CallRecordKind.Call)
                calls.Add((int)record.Line - 1, record);
        }

        return calls;
    }
}

/// <summary>The files of cases.</summary>
internal static class ConformanceFile
{
    internal const string Folder = "tests/PageShift.Tests/Conformance/cases";

    private const string Begin = "#case ";

    /// <summary>The files, in the order of their names.</summary>
    internal static IReadOnlyList<string> All { get; } =
        [.. Directory.GetFiles(Repository.Path(Folder), "*.strace").Select(path => System.IO.Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    /// <summary>What stands before the first case: the file's subject, without comment signs.</summary>
    internal static string SubjectOf(string file) =>
        string.Join(' ', File.ReadLines(PathOf(file)).TakeWhile(line => !line.StartsWith(Begin, StringComparison.Ordinal)).Select(line => line.TrimStart('#', ' '))).Trim();

    /// <summary>The cases of a file, in its order.</summary>
    internal static IReadOnlyList<ConformanceCase> Read(string file)
    {
        var cases = new List<ConformanceCase>();
        var lines = new List<string>();
        foreach (string line in File.ReadLines(PathOf(file)))
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

    internal static string PathOf(string file) => Repository.Path($"{Folder}/{file}");
}
