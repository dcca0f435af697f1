using System.Runtime.InteropServices;
using PageShift.Memory.Kernel;

namespace PageShift.Memory.Moving;

/// <summary>Plans where live ranges go when they are pushed together, and in which order they move, so that none overwrites one that has not moved yet.</summary>
internal static class Compaction
{
    /// <summary>Plans it.</summary>
    /// <param name="live">The ranges, ascending, with whole pages between them or nothing.</param>
    /// <param name="keepsOrder">True when they keep their order; else the way that moves the fewest entries is taken: ranges from the end into holes that they fit, before the rest is pushed together.</param>
    /// <param name="base">The address of offset 0.</param>
    /// <param name="spans">What entries cover.</param>
    /// <returns>The moves, in their order. A range may move twice.</returns>
    internal static List<PageRelocation> Plan(ReadOnlySpan<PageRange> live, bool keepsOrder, ulong @base, TableSpans spans)
    {
        List<PageRelocation> sliding = Slide(live);
        if (keepsOrder)
            return sliding;
        List<PageRelocation> filling = Fill(live);
        return CountEntries(filling, @base, spans) < CountEntries(sliding, @base, spans) ? filling : sliding;
    }

    /// <summary>Where each range is after the moves.</summary>
    internal static PageRelocation[] Follow(ReadOnlySpan<PageRange> live, List<PageRelocation> moves)
    {
        var result = new PageRelocation[live.Length];
        for (int i = 0; i < live.Length; i++)
        {
            long at = live[i].Offset;
            foreach (PageRelocation move in moves)
            {
                if (at >= move.From && at < move.From + move.Length)
                    at += move.To - move.From;
            }

            result[i] = new PageRelocation(live[i].Offset, at, live[i].Length);
        }

        return result;
    }

    /// <summary>Each range moves down to the end of the one before; neighbours move together.</summary>
    private static List<PageRelocation> Slide(ReadOnlySpan<PageRange> live)
    {
        var moves = new List<PageRelocation>();
        long to = 0;
        foreach (PageRange range in live)
        {
            if (moves.Count != 0 && moves[^1] is var last && last.From + last.Length == range.Offset && last.To + last.Length == to)
                moves[^1] = last with { Length = last.Length + range.Length };
            else if (range.Offset != to && range.Length != 0)
                moves.Add(new PageRelocation(range.Offset, to, range.Length));
            to += range.Length;
        }

        return moves;
    }

    /// <summary>Ranges from the end go into the smallest holes below them that hold them; then the rest is pushed together.</summary>
    private static List<PageRelocation> Fill(ReadOnlySpan<PageRange> live)
    {
        var moves = new List<PageRelocation>();
        List<PageRange> ranges = [.. live];
        for (int i = live.Length - 1; i >= 0; i--)
        {
            PageRange range = live[i];
            if (range.Length == 0 || SmallestHole(ranges, range) is not { } to)
                continue;
            moves.Add(new PageRelocation(range.Offset, to, range.Length));
            ranges.Remove(range);
            int index = ranges.FindIndex(r => r.Offset > to);
            ranges.Insert(index < 0 ? ranges.Count : index, new PageRange(to, range.Length));
        }

        moves.AddRange(Slide(CollectionsMarshal.AsSpan(ranges)));
        return moves;
    }

    private static long? SmallestHole(List<PageRange> ranges, PageRange range)
    {
        long? found = null;
        long smallest = long.MaxValue;
        long end = 0;
        foreach (PageRange next in ranges)
        {
            if (next.Offset > range.Offset)
                break;
            long hole = next.Offset - end;
            if (hole >= range.Length && hole < smallest)
                (found, smallest) = (end, hole);
            end = next.End;
        }

        return found;
    }

    private static ulong CountEntries(List<PageRelocation> moves, ulong @base, TableSpans spans)
    {
        ulong entries = 0;
        foreach (PageRelocation move in moves)
            entries += spans.Entries(@base + (ulong)move.From, @base + (ulong)move.To, (ulong)move.Length).Total;
        return entries;
    }
}
