using PageShift.Cli.Explaining;
using PageShift.Cli.Moves;
using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output.Svg;

/// <summary>A move as a picture: the slots of the level at which it moves, each with its table, before and after, and below them what each policy moves.</summary>
internal sealed class ExplainSvg
{
    private const double TableWidth = 112;
    private const double Gap = 14;
    private const double EntryHeight = 22;
    private const double Link = 8;
    private const double HeadHeight = 84;
    private const double NoteHeight = 18; // what stays
    private const double Between = 62; // from the tables before to those after, with the addresses and the paths
    private const double RungHeight = 26;
    private const double NameWidth = 140; // an address of 57 bits
    private const double BarWidth = 480;
    private const int AtEachEnd = 2; // slots of a range of many that are drawn at each of its ends
    private const int LeastSlots = 6; // the room that the policies need
    private const string Rule = "#c4cad1";

    // Those of the page.
    private static readonly string[] Colours = ["#d98a00", "#0072b2", "#00846a", "#b0568b", "#5b5b5b"];

    private readonly SvgDrawing _drawing;
    private readonly ExplainedMove _move;
    private readonly double _top;
    private readonly double _cell;
    private readonly double _tableHeight;
    private readonly int _columns;
    private readonly PageTableLevel _level;
    private readonly ByteLength _span;
    private readonly VirtualAddress[] _slots;
    private readonly AddressRange[] _live;

    private ExplainSvg(SvgDrawing drawing, ExplainedMove move, double top)
    {
        PagingGeometry geometry = move.Places.Geometry;
        _drawing = drawing;
        _move = move;
        _top = top;
        _columns = ColumnsOf(move);
        _cell = TableWidth / _columns;
        _tableHeight = TableHeight(move);
        _level = LevelOf(move);
        _span = move.Places.SpanOf(_level);
        _slots = SlotsOf(move);
        _live = [.. OccupiedRanges.In(move.Before, geometry).Where(r => r.Overlaps(move.Places.Source)).Select(r => r.Intersect(move.Places.Source))];
    }

    /// <summary>Writes the picture of all moves of a call, one below the other.</summary>
    internal static void Write(Stream output, Explanation explanation)
    {
        IReadOnlyList<ExplainedMove> moves = explanation.Moves;
        int slots = Math.Max(LeastSlots, moves.Max(move => SlotsOf(move).Length));
        double width = (2 * SvgDrawing.Margin) + NameWidth + (slots * (TableWidth + Gap)) - Gap;
        using var drawing = new SvgDrawing(output, width, moves.Sum(HeightOf), string.Join("; ", moves.Select(Head)));
        double top = 0;
        foreach (ExplainedMove move in moves)
        {
            new ExplainSvg(drawing, move, top).Draw();
            top += HeightOf(move);
        }
    }

    private void Draw()
    {
        PolicyExplanation shown = _move.Explanation.Policies.First(p => p.Plan.Policy == _move.Executed.Plan.Policy);
        _drawing.Label(SvgDrawing.Margin, _top + 34, Head(_move), isStrong: true);
        _drawing.Label(SvgDrawing.Margin, _top + 56, $"{MovePolicyName.Of(shown.Plan.Policy)} moves {Describe.Entries(shown.Plan.Cost)}: {shown.Reason}", SvgDrawing.Soft);
        double before = _top + HeadHeight + (HasOthers(_move) ? NoteHeight : 0), after = before + BlockHeight + Between;
        DrawPaths(before + BlockHeight, after);
        DrawRow("before", before, _move.Places.Source, isAfter: false);
        DrawRow("after", after, _move.Places.Destination, isAfter: true);
        if (HasOthers(_move))
        {
            _drawing.Rectangle(SvgDrawing.Margin + NameWidth, _top + HeadHeight - 13, 10, 10, SvgDrawing.Ink);
            _drawing.Label(SvgDrawing.Margin + NameWidth + 16, _top + HeadHeight - 4, "not part of the move", SvgDrawing.Soft);
        }

        DrawPolicies(after + BlockHeight + 48);
    }

    private double BlockHeight => EntryHeight + Link + _tableHeight;

    private void DrawRow(string name, double y, AddressRange place, bool isAfter)
    {
        _drawing.Label(SvgDrawing.Margin, y + 15, name, isStrong: true);
        _drawing.Label(SvgDrawing.Margin, y + 33, $"{place.Start}", SvgDrawing.Soft, isCode: true);
        for (int i = 0; i < _slots.Length; i++)
            DrawSlot(_slots[i], XOf(i), y, isAfter, i != 0 && _slots[i] != _slots[i - 1] + _span);
    }

    /// <summary>An entry with the table that it leads to, as it is before the move or after it.</summary>
    private void DrawSlot(VirtualAddress slot, double x, double y, bool isAfter, bool isAfterGap)
    {
        var block = new AddressRange(slot, _span);
        MoveRun[] runs = [.. _move.Executed.Runs.Where(run => PlaceOf(run, isAfter).Overlaps(block))];
        bool isWhole = Array.Exists(runs, run => run.Level == _level);
        AddressRange[] others = [.. (_move.Places.Neighbours ?? []).Where(r => r.Overlaps(block)).Select(r => r.Intersect(block))];
        string entry = isWhole ? Colours[(int)_level] : "#ffffff";
        double table = y + EntryHeight + Link;
        bool hasTable = runs.Length != 0 || others.Length != 0;
        _drawing.Rectangle(x, y, TableWidth, EntryHeight, entry, isWhole ? entry : Rule);
        _drawing.Label(x + (TableWidth / 2), y + 15, $"{Describe.Level(_level)} {slot.Value / _span.Value % (ulong)_move.Places.Geometry.EntriesAt(_level)}", isWhole ? "#ffffff" : SvgDrawing.Soft, isCentred: true, isStrong: isWhole);
        if (hasTable)
            _drawing.Line(x + (TableWidth / 2), y + EntryHeight, x + (TableWidth / 2), table, isWhole ? entry : Rule);
        _drawing.Rectangle(x, table, TableWidth, _tableHeight, hasTable ? SvgDrawing.Empty : "#ffffff", isWhole ? entry : Rule);
        foreach (MoveRun run in runs)
        {
            foreach (AddressRange live in _live)
                Fill(x, table, block, Moved(live, run, isAfter), Colours[(int)run.Level]);
        }

        foreach (AddressRange other in others)
            Fill(x, table, block, other, SvgDrawing.Ink);
        _drawing.Label(x + (TableWidth / 2), table + _tableHeight + 16, $"{(isAfterGap ? "… " : "")}{slot}", SvgDrawing.Soft, isCentred: true, isCode: true);
    }

    /// <summary>Where the part of a live range that a run moves is, before or after.</summary>
    private AddressRange? Moved(AddressRange live, MoveRun run, bool isAfter)
    {
        AddressRange source = PlaceOf(run, isAfter: false);
        if (!live.Overlaps(source))
            return null;
        AddressRange part = live.Intersect(source);
        return isAfter ? new AddressRange(run.Destination + (part.Start - run.Source), part.Length) : part;
    }

    private AddressRange PlaceOf(MoveRun run, bool isAfter) => new(isAfter ? run.Destination : run.Source, run.Length(_move.Places.Geometry));

    /// <summary>Fills the cells of a range in a table's grid, with at most three rectangles.</summary>
    private void Fill(double x, double y, AddressRange block, AddressRange? range, string colour)
    {
        if (range is not { } some || !some.Overlaps(block))
            return;
        AddressRange part = some.Intersect(block);
        ulong cellBytes = _move.Places.SpanOf(_level - 1).Value;
        int first = (int)((part.Start - block.Start).Value / cellBytes), end = (int)(((part.End - block.Start).Value + cellBytes - 1) / cellBytes);
        while (first < end)
        {
            int row = first / _columns, column = first % _columns;
            int rows = column == 0 ? Math.Max(1, (end - first) / _columns) : 1;
            int cells = rows > 1 || column == 0 && end - first >= _columns ? _columns : Math.Min(_columns - column, end - first);
            _drawing.Rectangle(x + (column * _cell), y + (row * _cell), cells * _cell, rows * _cell, colour);
            first += rows == 1 ? cells : rows * _columns;
        }
    }

    /// <summary>From each slot that is left to the slot that is reached, in the colour of what moves.</summary>
    private void DrawPaths(double from, double to)
    {
        var drawn = new HashSet<(VirtualAddress, VirtualAddress)>();
        foreach (MoveRun run in _move.Executed.Runs)
        {
            for (int i = 0; i < _slots.Length; i++)
            {
                AddressRange source = PlaceOf(run, isAfter: false);
                var block = new AddressRange(_slots[i], _span);
                if (!source.Overlaps(block))
                    continue;
                VirtualAddress start = source.Intersect(block).Start;
                VirtualAddress target = (run.Destination + (start - run.Source)).AlignDown(_span);
                int reached = Array.IndexOf(_slots, target);
                if (reached >= 0 && drawn.Add((_slots[i], target)))
                    _drawing.Line(XOf(i) + (TableWidth / 2), from + 24, XOf(reached) + (TableWidth / 2), to - 6, Colours[(int)run.Level]);
            }
        }
    }

    /// <summary>What each policy moves: a bar, linear, with its parts, and the ratio of the most to it.</summary>
    private void DrawPolicies(double y)
    {
        ulong most = _move.Plans.Max(plan => plan.Cost.Entries);
        foreach (PlannedMove plan in _move.Plans)
        {
            MoveCost cost = plan.Cost;
            bool isShown = plan.Policy == _move.Executed.Plan.Policy;
            _drawing.Label(SvgDrawing.Margin, y + 12, MovePolicyName.Of(plan.Policy), isStrong: isShown, isCode: true);
            double x = SvgDrawing.Margin + NameWidth;
            _drawing.Rectangle(x, y, BarWidth, 16, SvgDrawing.Empty);
            for (PageTableLevel level = PageTableLevel.Pgd; level >= PageTableLevel.Pte; level--)
            {
                if (cost.At(level) == 0)
                    continue;
                double part = Math.Max(1, BarWidth * cost.At(level) / most);
                _drawing.Rectangle(x, y, part, 16, Colours[(int)level]);
                x += part;
            }

            string ratio = cost.Entries != 0 && cost.Entries < most ? Describe.Ratio(most / (double)cost.Entries, ", ") : "";
            _drawing.Label(SvgDrawing.Margin + NameWidth + BarWidth + 12, y + 12, $"{Describe.Entries(cost)}{ratio}", isStrong: isShown);
            y += RungHeight;
        }
    }

    private static double XOf(int slot) => SvgDrawing.Margin + NameWidth + (slot * (TableWidth + Gap));

    private static string Head(ExplainedMove move) =>
        $"{move.Call} moves {Describe.Size(move.Places.Length)} from {move.Places.Old} to {move.Places.New}, {Describe.Congruence(move.Places.Congruence, move.Places.Geometry)}";

    private static double HeightOf(ExplainedMove move) =>
        HeadHeight + (HasOthers(move) ? NoteHeight : 0) + (2 * (EntryHeight + Link + TableHeight(move))) + Between + 48 + (move.Plans.Count() * RungHeight) + 14;

    private static bool HasOthers(ExplainedMove move) => move.Places.Neighbours is { Count: > 0 };

    private static int ColumnsOf(ExplainedMove move) => 1 << ((move.Places.Geometry.IndexBits(LevelOf(move) - 1) + 1) / 2);

    private static double TableHeight(ExplainedMove move) => TableWidth / ColumnsOf(move) * move.Places.Geometry.EntriesAt(LevelOf(move) - 1) / ColumnsOf(move);

    /// <summary>The highest level at which something moves, where that has tables.</summary>
    private static PageTableLevel LevelOf(ExplainedMove move) => move.Executed.Runs.Select(run => run.Level).Append(PageTableLevel.Pmd).Max();

    private static VirtualAddress[] SlotsOf(ExplainedMove move)
    {
        ByteLength span = move.Places.SpanOf(LevelOf(move));
        return [.. EndsOf(move.Places.Source, span).Concat(EndsOf(move.Places.Destination, span)).Distinct().Order()];
    }

    private static IEnumerable<VirtualAddress> EndsOf(AddressRange range, ByteLength span)
    {
        VirtualAddress first = range.Start.AlignDown(span);
        ulong count = (range.End.AlignUp(span) - first).Value / span.Value;
        ulong atStart = Math.Min(count, AtEachEnd), atEnd = Math.Min(count - atStart, AtEachEnd);
        for (ulong i = 0; i < atStart; i++)
            yield return first + (span * i);
        for (ulong i = count - atEnd; i < count; i++)
            yield return first + (span * i);
    }
}
