using PageShift.Cli.Explaining;
using PageShift.Cli.Moves;
using PageShift.Cli.Words;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Output;

/// <summary>Draws a range against the boundaries of a level: one box for each block, the old place above the new one, so that congruent ranges look alike.</summary>
internal static class ExplainRuler
{
    internal const char Moves = '█';
    internal const char Empty = '·';
    internal const char Stays = 'x';
    internal const char Own = '░';

    private const int Indent = 8;
    private const int Width = 80;
    private const int MostBlocks = 3;
    private const int BlockCells = 20;

    /// <summary>Draws both places; <paramref name="used"/> takes the signs that occur.</summary>
    internal static IEnumerable<StyledLine> Draw(ExplainedMove move, PageTableLevel level, ISet<char> used)
    {
        IReadOnlyList<AddressRange> stays = move.Places.Neighbours!;
        foreach (StyledLine line in DrawPlace("old", move.Places.Source, stays, [], move.Places.SpanOf(level), used))
            yield return line;
        IReadOnlyList<AddressRange> own = [.. OccupiedRanges.In(move.Before, move.Places.Geometry).Select(r => r.Intersect(move.Places.Source)).Where(r => !r.IsEmpty)];
        foreach (StyledLine line in DrawPlace("new", move.Places.Destination, stays, own, move.Places.SpanOf(level), used))
            yield return line;
    }

    private static IEnumerable<StyledLine> DrawPlace(
        string name, AddressRange place, IReadOnlyList<AddressRange> stays, IReadOnlyList<AddressRange> own, ByteLength span, ISet<char> used)
    {
        VirtualAddress first = place.Start.AlignDown(span);
        ulong blocks = (place.End.AlignUp(span) - first).Value / span.Value;
        bool isCut = blocks > MostBlocks;
        ulong[] shown = isCut ? [0, blocks - 1] : [.. Enumerable.Range(0, (int)blocks).Select(i => (ulong)i)];
        var labels = new StyledLine().PadTo(Indent);
        StyledLine bar = new StyledLine().Add($"  {name}").PadTo(Indent);
        for (int i = 0; i < shown.Length; i++)
        {
            if (isCut && i == 1)
            {
                labels.PadTo(bar.Length).Add((first + span).ToString(), TextTone.Faint);
                bar.Add("│", TextTone.Faint).Add(Gap(blocks - 2), TextTone.Faint);
            }

            VirtualAddress block = first + (span * shown[i]);
            labels.PadTo(bar.Length).Add(block.ToString(), TextTone.Faint);
            bar.Add("│", TextTone.Faint).Add(Cells(block, span, place, stays, own, used));
        }

        string end = (first + (span * blocks)).ToString();
        labels.PadTo(Math.Min(bar.Length, Width - end.Length)).Add(end, TextTone.Faint);
        yield return labels;
        yield return bar.Add("│", TextTone.Faint);
    }

    private static string Gap(ulong blocks)
    {
        string text = $" {Describe.Number(blocks)} more ";
        int left = (BlockCells - text.Length) / 2;
        return $"{new string('┄', left)}{text}{new string('┄', BlockCells - text.Length - left)}";
    }

    private static StyledLine Cells(
        VirtualAddress block, ByteLength span, AddressRange place, IReadOnlyList<AddressRange> stays, IReadOnlyList<AddressRange> own, ISet<char> used)
    {
        char[] drawn = new char[BlockCells];
        Array.Fill(drawn, Empty);
        var whole = new AddressRange(block, span);
        foreach (AddressRange range in own)
            Fill(drawn, whole, range, Own);
        Fill(drawn, whole, place, Moves);
        foreach (AddressRange range in stays.Where(r => !r.Overlaps(place)))
            Fill(drawn, whole, range, Stays);
        used.UnionWith(drawn);
        var line = new StyledLine();
        for (int at = 0; at < BlockCells;)
        {
            int next = at;
            while (next < BlockCells && drawn[next] == drawn[at])
                next++;
            line.Add(new string(drawn[at], next - at), ToneOf(drawn[at]));
            at = next;
        }

        return line;
    }

    /// <summary>Draws a range into a block: at least one cell, and never up to an edge that it does not reach.</summary>
    private static void Fill(char[] cells, AddressRange whole, AddressRange range, char sign)
    {
        ulong span = whole.Length.Value;
        AddressRange part = range.Intersect(whole);
        if (part.IsEmpty)
            return;
        int from = (int)((part.Start - whole.Start).Value * (ulong)cells.Length / span);
        int to = (int)((((part.End - whole.Start).Value * (ulong)cells.Length) + span - 1) / span);
        from = part.Start == whole.Start ? 0 : Math.Clamp(from, 1, cells.Length - 1);
        to = part.End == whole.End ? cells.Length : Math.Clamp(to, 1, cells.Length - 1);
        Array.Fill(cells, sign, from, Math.Max(1, to - from));
    }

    private static TextTone ToneOf(char sign) => sign switch
    {
        Moves => TextTone.Good,
        Stays => TextTone.Warning,
        _ => TextTone.Faint,
    };
}
