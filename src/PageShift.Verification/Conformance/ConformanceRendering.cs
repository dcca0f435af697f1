using System.Globalization;
using System.Text;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Names;
using PageShift.Linux.Processes;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Conformance;

/// <summary>Runs a case and writes it anew with what really happened. A case holds when that is its own text.</summary>
internal static class ConformanceRendering
{
    private const int ResultColumn = 60;

    // An error without a name: what an address looks like that lies in the highest 4095 bytes of all.
    private const string Unnamed = "-1 (errno ";

    internal static string Render(ConformanceCase conformanceCase, ConformanceWorld world)
    {
        IReadOnlyDictionary<int, CallRecord> calls = conformanceCase.Calls();
        var state = new SpaceSnapshot();
        var lines = new List<string>();
        int process = calls.Values.First().ThreadId;
        for (int index = 0; index < conformanceCase.Lines.Count; index++)
        {
            string line = conformanceCase.Lines[index];
            if (calls.TryGetValue(index, out CallRecord call))
            {
                CallAnswer answer = world.Execute(call);
                if (!answer.IsMade)
                    throw new InvalidOperationException($"{conformanceCase.Name}: '{line}' was not run: {answer.WhyNot}.");
                process = call.ThreadId;
                lines.Add(Render(line, call, answer, world.Data));
                continue;
            }

            if (CaseDirective.IsVdso(line))
                lines.Add(SetUp(line, world.PlaceVdso(process, AddressIn(line))));
            else if (CaseDirective.IsUserFault(line))
                lines.Add(SetUp(line, world.WatchMissing(process, new AddressRange(AddressIn(line), new ByteLength(Number(CaseDirective.Words(line)[2]))))));
            else if (CaseDirective.IsFill(line))
                lines.Add(FilledMappings.Fill(world, process, Number(CaseDirective.Words(line)[1])) ? line : $"{line} # no limit");
            else if (CaseDirective.IsCost(line))
                lines.Add(world.LastCost is { } cost ? string.Create(CultureInfo.InvariantCulture, $"{CaseDirective.Cost} flushes {cost.Flushes} tables {cost.Tables}") : line);
            else
                lines.Add(RenderLook(line, world, process, state));
        }

        return string.Join('\n', lines);
    }

    private static string SetUp(string line, string? whyNot) => whyNot is null ? line : $"{line} # {whyNot}";

    private static VirtualAddress AddressIn(string line) => new(Number(CaseDirective.Words(line)[1]));

    private static string RenderLook(string line, ConformanceWorld world, int process, SpaceSnapshot state)
    {
        if (CaseDirective.IsStep(line))
            world.Observe(process, state);
        return RenderState(line, state);
    }

    /// <summary>The first process's id, which a case with forks names and others do not.</summary>
    internal static int FirstProcess(ConformanceCase conformanceCase) => conformanceCase.Calls().Values.First().ThreadId;

    private static string Render(string line, in CallRecord call, in CallAnswer answer, CallData data)
    {
        int outcome = line.IndexOf(" = ", StringComparison.Ordinal);
        string head = (outcome < 0 ? line : line[..outcome]).TrimEnd();
        if (call.Call.Number == SystemCallNumber.InCore && call.Call.Arguments.Third == 0)
            head = string.Concat(head.AsSpan(0, VectorStart(head)), answer.Result.IsError ? ", NULL" : $", [{string.Join(", ", data.Bytes.ToArray())}]", ")");
        return $"{head.PadRight(ResultColumn)} = {ResultText(call, answer.Result)}";
    }

    /// <summary>A line of a log as cases have it: the results below one another, and errors without their explanation.</summary>
    internal static string Align(string line)
    {
        int outcome = line.IndexOf(" = ", StringComparison.Ordinal);
        if (line[0] == '#' || outcome < 0)
            return line;
        string result = line[(outcome + 3)..];
        int explanation = result.IndexOf(" (", result.StartsWith(Unnamed, StringComparison.Ordinal) ? Unnamed.Length : 0, StringComparison.Ordinal);
        return $"{line[..outcome].TrimEnd().PadRight(ResultColumn)} = {(explanation < 0 ? result : result[..explanation])}";
    }

    /// <summary>The comma before mincore's third argument, which is NULL or a list in brackets.</summary>
    private static int VectorStart(string head) =>
        head.IndexOf('[', StringComparison.Ordinal) is >= 0 and int bracket ? head.LastIndexOf(',', bracket) : head.LastIndexOf(',');

    private static string ResultText(in CallRecord call, CallResult result) =>
        result.IsError
            ? $"-1 {ErrorNames.Of((int)result.Error)}"
            : call.Call.ReturnsAddress ? result.ToString() : result.Raw.ToString(CultureInfo.InvariantCulture);

    /// <summary>A line that looks, with what there is to be seen; any other line as it is.</summary>
    internal static string RenderState(string line, SpaceSnapshot state)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "#maps":
                return $"#maps {MappingsText(state.Mappings)}";
            case "#within":
                var range = new AddressRange(new VirtualAddress(Number(words[1])), new ByteLength(Number(words[2])));
                return $"#within {words[1]} {words[2]} {MappingsText(state.Mappings.Where(mapping => mapping.Range.Overlaps(range)))}";
            case "#flags":
                ObservedMapping there = state.Mappings.FirstOrDefault(mapping => mapping.Range.Contains(new VirtualAddress(Number(words[1]))));
                return $"#flags {words[1]} {there.Flags?.ToString() ?? "no mapping"}";
            case "#pages":
                return $"#pages {words[1]} {words[2]} {PagesText(Number(words[1]), Number(words[2]), state)}";
            default:
                return line;
        }
    }

    private static string MappingsText(IEnumerable<ObservedMapping> mappings) =>
        string.Join("; ", mappings.Select(mapping => (mapping with { Flags = null }).ToString())) is { Length: > 0 } text ? text : "none";

    internal static ulong Number(string text) =>
        IntegerExpression.TryParse(text, out ulong value, out string? error) ? value : throw new FormatException($"'{text}': {error}");

    private static string PagesText(ulong address, ulong count, SpaceSnapshot state)
    {
        var text = new StringBuilder();
        for (ulong page = 0; page < count; page++)
        {
            var at = new VirtualAddress(address + (page * PageSize.Bytes));
            PageKinds kinds = state.Pages.FirstOrDefault(run => run.Range.Contains(at)).Kinds;
            text.Append(LetterOf(kinds));
        }

        return text.ToString();
    }

    private static char LetterOf(PageKinds kinds) => kinds switch
    {
        PageKinds.None => '.',
        _ when kinds.HasFlag(PageKinds.Swapped) => 'G',
        _ when kinds.HasFlag(PageKinds.Zero) => 'Z',
        _ when kinds.HasFlag(PageKinds.FileOrShared) => 'F',
        _ => 'P',
    };
}
