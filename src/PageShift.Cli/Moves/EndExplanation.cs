using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Moves;

/// <summary>Why a policy had nothing to decide about an end of a move.</summary>
/// <param name="End">The end; null for both.</param>
/// <param name="Reason">Why.</param>
/// <param name="Remedy">What would make more entries move whole there; null when nothing has to.</param>
internal readonly record struct EndExplanation(MoveEnd? End, string Reason, string? Remedy)
{
    /// <summary>The ends of a plan that has no decision about them. Where no block can move whole under any policy there are none.</summary>
    internal static IEnumerable<EndExplanation> Of(MovePlaces move, PlannedMove plan)
    {
        if (move.Congruence == PageTableLevel.Pte)
            return [];
        return plan.Policy switch
        {
            MovePolicy.PageShift => OfBoth(move, plan),
            MovePolicy.Linux67 when move.TableMoves.HighestUnder(plan.Policy) > PageTableLevel.Pte => OfLinux(move, plan),
            _ when move.TableMoves.HighestUnder(MovePolicy.Linux67) == PageTableLevel.Pte => [new(null, "never expands an end", null)],
            _ => [new(null, "never expands an end", move.Old.IsAligned(move.SpanOf(PageTableLevel.Pmd)) ? null : "a kernel 6.7 or later, for the start")],
        };
    }

    private static IEnumerable<EndExplanation> OfBoth(MovePlaces move, PlannedMove plan)
    {
        ByteLength span = move.SpanOf(move.Congruence);
        foreach (MoveEnd end in (MoveEnd[])[MoveEnd.Start, MoveEnd.End])
        {
            if (plan.Boundaries.Any(b => b.End == end))
                continue;
            bool isOnBoundary = (end == MoveEnd.Start ? move.Source.Start : move.Source.End).IsAligned(span);
            yield return new(end, isOnBoundary ? OnBoundary(span) : "has no tables: nothing has to move", null);
        }
    }

    private static IEnumerable<EndExplanation> OfLinux(MovePlaces move, PlannedMove plan)
    {
        ByteLength span = move.SpanOf(PageTableLevel.Pmd);
        if (plan.Boundaries.Count == 0)
            yield return new(MoveEnd.Start, $"{OnBoundary(span)}, the only kind it looks at", null);
        VirtualAddress last = move.Source.End;
        yield return last.IsAligned(span)
            ? new(MoveEnd.End, OnBoundary(span), null)
            : new(MoveEnd.End, $"{Describe.Level(PageTableLevel.Pmd)} {last.AlignDown(span)} opened: this end is never expanded", $"end the mapping at {last.AlignUp(span)}");
    }

    private static string OnBoundary(ByteLength span) => $"is on a boundary of {Describe.Size(span)}";
}
