using PageShift.Cli.Explaining;
using PageShift.Cli.Words;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Output;

/// <summary>Draws page tables as a tree: the branches that a move is about, with slot indexes, counts of live entries, and letters on what moves.</summary>
internal sealed class ExplainTree
{
    private const int MostItems = 8;
    private const int FirstItems = 2;

    private readonly ExplainedMove _move;
    private readonly MoveMarks _marks;
    private readonly bool _isAfter;
    private readonly List<StyledLine> _lines = [];

    private ExplainTree(ExplainedMove move, MoveMarks marks, bool isAfter)
    {
        _move = move;
        _marks = marks;
        _isAfter = isAfter;
    }

    internal static IReadOnlyList<StyledLine> Draw(ExplainedMove move, MoveMarks marks, bool isAfter)
    {
        var tree = new ExplainTree(move, marks, isAfter);
        PageTableSnapshot root = (isAfter ? move.After : move.Before)!;
        tree._lines.Add(new StyledLine().Add($"{Describe.Level(root.Level)} table (root), ").Add(tree.Live(root), TextTone.Faint));
        tree.DrawSlots(root, "");
        return tree._lines;
    }

    /// <summary>Slots that are drawn in one line.</summary>
    private readonly record struct Item(int First, int Count, PageTableSnapshot? Table, string? Mark, bool IsOpen, bool IsCut, int Live);

    private void DrawSlots(PageTableSnapshot table, string indent)
    {
        List<Item> items = Items(table);
        int hidden = items.Count > MostItems ? items.Count - FirstItems - 1 : 0;
        for (int i = 0; i < items.Count; i++)
        {
            if (hidden != 0 && i == FirstItems)
            {
                _lines.Add(new StyledLine().Add($"{indent}┊ ", TextTone.Faint).Add($"{Describe.Number((ulong)hidden)} more", TextTone.Faint));
                i += hidden;
            }

            bool isLast = i == items.Count - 1;
            DrawItem(table, items[i], indent, isLast);
            if (items[i] is { IsOpen: true, Table: { } below })
                DrawSlots(below, indent + (isLast ? "  " : "│ "));
        }
    }

    private void DrawItem(PageTableSnapshot table, in Item item, string indent, bool isLast)
    {
        string index = item.Count == 1 ? $"[{item.First}]" : $"[{item.First}-{item.First + item.Count - 1}]";
        StyledLine line = new StyledLine().Add($"{indent}{(isLast ? "└" : "├")}", TextTone.Faint).Add($"{index} ");
        if (item.Mark is { } mark)
            line.Add($"{mark} ", TextTone.Mark);
        if (item.Table is null)
            line.Add(item.Count == 1 ? $"{OnePage(table.Level)}{(item.IsCut ? ", cut" : "")}" : $"{Describe.Number((ulong)item.Count)} {Pages(table.Level)}");
        else if (item.Count == 1)
            line.Add($"{Describe.Level(item.Table.Level)} table, ").Add(Live(item.Table), TextTone.Faint);
        else
            line.Add($"{item.Count} {Describe.Level(item.Table.Level)} tables").Add(item.Live == item.Count * _move.Places.Geometry.EntriesAt(item.Table.Level) ? " (full)" : "", TextTone.Faint);
        _lines.Add(line);
    }

    /// <summary>The table's slots, those with the same fate together. A table that moves, or that the move is not about, is not opened.</summary>
    private List<Item> Items(PageTableSnapshot table)
    {
        var items = new List<Item>();
        ByteLength span = _move.Places.SpanOf(table.Level);
        foreach (PageTableSlots slots in table.Slots)
        {
            for (int at = slots.First; at < slots.First + slots.Count;)
            {
                VirtualAddress address = table.Start + (span * (ulong)at);
                string? mark = _marks.At(table.Level, address, _isAfter, out ulong alike);
                int end = slots.First + slots.Count;
                bool isLargePage = slots.Table is null && table.Level > PageTableLevel.Pte;
                string? cut = mark is null && isLargePage && !_isAfter ? _marks.CutFrom(table.Level, address) : null;
                int count = mark is null && isLargePage ? 1 : (int)Math.Min((ulong)(end - at), alike);
                bool isOpen = slots.Table is not null && mark is null && IsConcerned(new AddressRange(address, span));
                Append(items, new Item(at, count, slots.Table, mark ?? cut, isOpen, cut is not null, slots.Table?.LiveEntries ?? 0));
                at += count;
            }
        }

        return items;
    }

    private static void Append(List<Item> items, in Item item)
    {
        if (items.Count != 0 && items[^1] is var last && !last.IsOpen && !item.IsOpen && last.First + last.Count == item.First
            && last.Mark == item.Mark && last.IsCut == item.IsCut && last.Table is null == item.Table is null)
            items[^1] = last with { Count = last.Count + item.Count, Live = last.Live + item.Live };
        else
            items.Add(item);
    }

    private bool IsConcerned(AddressRange slot) => slot.Overlaps(_isAfter ? _move.Places.Destination : _move.Places.Source)
        || _move.Plans.Any(p => p.Boundaries.Any(b => b.Obstacle is { } obstacle && slot.Contains(obstacle)));

    private string Live(PageTableSnapshot table) => $"{table.LiveEntries} of {_move.Places.Geometry.EntriesAt(table.Level)}";

    private string OnePage(PageTableLevel level) => level == PageTableLevel.Pte ? "page" : $"page of {Describe.Size(_move.Places.SpanOf(level))}";

    private string Pages(PageTableLevel level) => level == PageTableLevel.Pte ? "pages" : $"pages of {Describe.Size(_move.Places.SpanOf(level))}";
}
