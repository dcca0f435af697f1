using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Explaining;
using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>The explanation of moves for people, at most 100 columns wide.</summary>
internal sealed partial class ExplainText : IDisposable
{
    private const int TreeWidth = 40;
    private const int MostSteps = 6;
    private const int FirstSteps = 4;

    private readonly TextReport _output = TextReport.OnStandardOutput();

    public void Dispose() => _output.Dispose();

    /// <summary>Explains the moves of one call.</summary>
    /// <param name="place">Where the call stands; null when options describe it.</param>
    /// <param name="explanation">Its moves.</param>
    internal void Write(LogPlace? place, Explanation explanation)
    {
        IReadOnlyList<ExplainedMove> moves = explanation.Moves;
        for (int i = 0; i < moves.Count; i++)
        {
            if (i != 0)
                _output.Line();
            WriteHead(place, i, moves.Count, moves[i]);
            if (i == 0)
                Paragraph("", "", Lesson(moves[i].Places.Geometry));
            WriteRulers(moves[i]);
            WriteBoundaries(moves[i]);
            WriteSteps(moves[i]);
            WriteTables(moves[i]);
            WriteCosts(moves[i]);
            Paragraph("", "  ", $"{Conclusion(moves[i])}({Presence(explanation)})");
        }

        if (explanation.Counts.NoiseLines != 0)
            Paragraph("", "  ", $"note: {Describe.Noise(explanation.Counts, explanation.Noise)}");
        if (explanation.Counts.Warnings != 0)
            Paragraph("", "  ", $"note: {Describe.Count(explanation.Counts.Warnings, "line")} skipped as unreadable");
        foreach (CallSyntaxError warning in explanation.Warnings)
            _output.Line($"warning: {warning}");
    }

    private static string Lesson(PagingGeometry geometry)
    {
        string pmd = $"A page-table entry (PTE) maps a page of {Describe.Size(geometry.Span(PageTableLevel.Pte))}. {geometry.EntriesPerTable} of them fill a table, and one entry of the level above, a PMD entry, "
            + $"points to that table: moving that one entry moves {Describe.Size(geometry.Span(PageTableLevel.Pmd))}.";
        return geometry.Root < PageTableLevel.Pud
            ? pmd
            : $"{pmd} {geometry.EntriesAt(PageTableLevel.Pmd)} PMD entries fill a table too, and a PUD entry that points to it stands for {Describe.Size(geometry.Span(PageTableLevel.Pud))}.";
    }

    private void WriteHead(LogPlace? place, int index, int count, ExplainedMove move)
    {
        string where = place is null ? "" : $"{place}: ";
        string number = count == 1 ? "" : $" (move {index + 1} of {count} of this call)";
        Paragraph("", "  ", $"{where}{move.Call} moves {Describe.Size(move.Places.Length)} from {move.Places.Old} to {move.Places.New}{number}", TextTone.Strong);
    }

    /// <summary>The ranges against the boundaries of each level at which an end stands inside a block.</summary>
    private void WriteRulers(ExplainedMove move)
    {
        Heading("Where it lies");
        var used = new HashSet<char>();
        for (PageTableLevel level = PageTableLevel.Pmd; level <= HighestOfInterest(move); level++)
        {
            ByteLength span = move.Places.SpanOf(level);
            AddressRange source = move.Places.Source;
            if (level <= move.Places.Congruence && source.Start.IsAligned(span) && source.End.IsAligned(span))
            {
                Paragraph("  ", "  ", $"Modulo {Describe.Size(span)} ({Describe.Level(level)}): both places begin and end on boundaries, {Describe.Count((long)(source.Length.Value / span.Value), "whole block")}.");
                continue;
            }

            if (level > move.Places.Congruence && level > PageTableLevel.Pmd)
            {
                Paragraph("  ", "  ", $"Modulo {Describe.Size(span)} ({Describe.Level(level)}): old is {Offset(move.Places.Old, span)} past a boundary, new {Offset(move.Places.New, span)}: not congruent.");
                continue;
            }

            foreach (StyledLine line in ExplainRuler.Draw(move, level, used))
                _output.Line(line);
            Paragraph("  ", "  ", $"Modulo {Describe.Size(span)} ({Describe.Level(level)}): old is {Offset(move.Places.Old, span)} past a boundary, new {(level <= move.Places.Congruence ? "is too: congruent" : $"{Offset(move.Places.New, span)}: not congruent")}.");
        }

        if (used.Count != 0)
            _output.Line(new StyledLine().Add($"  {Legend(used)}", TextTone.Faint));
    }

    private static PageTableLevel HighestOfInterest(ExplainedMove move)
    {
        PageTableLevel level = move.Plans.SelectMany(p => p.Boundaries).Where(b => b.Outcome != BoundaryOutcome.NothingThere).Select(b => b.Level).Append(PageTableLevel.Pmd).Max();
        while (level < move.Places.Geometry.Root && move.Places.SpanOf(level + 1) <= move.Places.Length)
            level++;
        return level;
    }

    private static string Offset(VirtualAddress address, ByteLength span) => address.OffsetIn(span).Value is var offset && offset == 0 ? "0" : $"0x{offset:x}";

    private static string Legend(HashSet<char> used)
    {
        (char Sign, string Meaning)[] signs =
        [
            (ExplainRuler.Moves, "the move"), (ExplainRuler.Empty, "empty"), (ExplainRuler.Own, "the old place, vacated"), (ExplainRuler.Stays, "other pages, which stay"),
        ];
        return string.Join("   ", signs.Where(s => used.Contains(s.Sign)).Select(s => $"{s.Sign} {s.Meaning}"));
    }

    private void WriteSteps(ExplainedMove move)
    {
        ExecutedPlan executed = move.Executed;
        MoveCost cost = executed.Plan.Cost;
        Heading($"The plan of {MovePolicyName.Of(executed.Plan.Policy)}");
        if (executed.Runs.Count == 0)
        {
            Paragraph("  ", "  ", "No page is present, so no entry moves. The mapping changes its place; pages that are touched later appear there.");
            return;
        }

        var marks = new MoveMarks(executed.Runs, move.Places.Geometry);
        int hidden = executed.Runs.Count > MostSteps ? executed.Runs.Count - FirstSteps - 1 : 0;
        for (int i = 0; i < executed.Runs.Count; i++)
        {
            if (hidden != 0 && i == FirstSteps)
            {
                _output.Line($"     {Describe.Number((ulong)hidden)} more");
                i += hidden;
            }

            _output.Line(Step(i, executed.Runs[i], marks));
        }

        Paragraph("  ", "  ", $"{Order(move)} {Effects(executed.Plan.Policy, cost)}");
    }

    /// <summary>What the plan does besides moving entries.</summary>
    private static string Effects(MovePolicy policy, in MoveCost cost)
    {
        string made = cost.TablesAllocated == 0 ? "No new table is needed" : $"{Describe.Count((long)cost.TablesAllocated, "table")} made {(policy == MovePolicy.PageShift ? "before the first entry moves" : "on the way")}";
        string freed = cost.TablesFreed == 0 ? "" : $", {Describe.Count((long)cost.TablesFreed, "table")} left empty and freed";
        string flushes = cost.TlbFlushes == 1 ? "the TLB is flushed once" : $"the TLB is flushed {Describe.Number(cost.TlbFlushes)} times";
        return $"{made}{freed}; {flushes}.";
    }

    private static StyledLine Step(int index, in MoveRun run, MoveMarks marks)
    {
        string what = $"{Describe.Number(run.Entries)} {Describe.Level(run.Level)}{(run.Level == PageTableLevel.Pte || run.Entries == 1 ? "" : " entries")}";
        return new StyledLine().Add($"{index + 1,3}. ").Add(marks.OfRun(index), TextTone.Mark).PadTo(9).Add(what).PadTo(27).Add($"{run.Source} → {run.Destination}");
    }

    private static string Order(ExplainedMove move)
    {
        if (move.Executed.Runs.Count == 1 && move.Executed.Runs[0].Slots == 1)
            return "It is one entry, so the order does not matter.";
        bool isDescending = move.Executed.IsDescending;
        AddressRange source = move.Executed.Plan.ExpandedSource;
        ulong delta = unchecked(move.Places.New.Value - move.Places.Old.Value);
        bool overlap = source.Start.Value < unchecked(source.End.Value + delta) && unchecked(source.Start.Value + delta) < source.End.Value;
        string order = isDescending ? "From the top down, because the move goes up" : "From the bottom up";
        if (!isDescending && move.Places.New < move.Places.Old)
            order += ", because the move goes down";
        return overlap
            ? $"{order}: the places overlap, so each slot is written only after its own entry has left it."
            : $"{order}. The places do not overlap, so any order would do.";
    }

    /// <summary>The tables before and after: side by side where both fit.</summary>
    private void WriteTables(ExplainedMove move)
    {
        if (move.Executed.Runs.Count == 0)
            return;
        var marks = new MoveMarks(move.Executed.Runs, move.Places.Geometry);
        IReadOnlyList<StyledLine> before = ExplainTree.Draw(move, marks, isAfter: false);
        IReadOnlyList<StyledLine> after = ExplainTree.Draw(move, marks, isAfter: true);
        Heading("The tables: [slot], the table or page in it, how many slots are live");
        _output.Line(new StyledLine().Add("  before", TextTone.Strong).PadTo(TreeWidth + 2).Add("after", TextTone.Strong));
        for (int i = 0; i < Math.Max(before.Count, after.Count); i++)
        {
            StyledLine line = new StyledLine().Add("  ");
            if (i < before.Count)
                line.Add(before[i]);
            if (i < after.Count)
                line.PadTo(TreeWidth + 2).Add(after[i]);
            _output.Line(line);
        }
    }

    private void WriteCosts(ExplainedMove move)
    {
        Heading("What it costs");
        _output.PlainTable(PolicyTable.Columns, [.. PolicyTable.Rows(move.Explanation.Policies)]);
    }

    private static string Presence(Explanation explanation)
    {
        string untouched = explanation.Statistics.LeftUnpopulated == 0
            ? ""
            : $"; {Describe.Count(explanation.Statistics.LeftUnpopulated, "range")} of more than {Describe.Size(LogExecutor.LargestPopulated)} assumed untouched";
        string machine = Describe.Machine(explanation.Settings.Machine) is { Length: not 0 } taken ? $"; {taken}" : "";
        return Describe.Presence(explanation.Statistics, explanation.Settings.Populate) + untouched + machine;
    }

    /// <summary>How PageShift compares with the newest Linux, when it is better and both were asked for.</summary>
    private static string Conclusion(ExplainedMove move)
    {
        PlannedMove? linux = move.Plans.FirstOrDefault(p => p.Policy == MovePolicy.Linux67);
        PlannedMove? ours = move.Plans.FirstOrDefault(p => p.Policy == MovePolicy.PageShift);
        return linux is null || ours is null || ours.Cost.Entries >= linux.Cost.Entries ? "" : $"{Comparison.Of(linux.Cost, ours.Cost)} ";
    }

    private void Heading(string text)
    {
        _output.Line();
        _output.Line(new StyledLine().Add(text, TextTone.Strong));
    }

    /// <summary>Text that is broken at blanks, so that no line is too wide.</summary>
    private void Paragraph(string first, string hanging, string text, TextTone tone = TextTone.Plain)
    {
        foreach (string line in TextWrap.Lines(first, hanging, text, TextReport.Width))
            _output.Line(new StyledLine().Add(line, tone));
    }
}
