using PageShift.Cli.Explaining;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <content>What was decided about the blocks at the two ends, under each policy that decides.</content>
internal sealed partial class ExplainText
{
    private const string Change = "What would change it: ";
    private const string LinuxPrefix = "linux-";
    private const string Hanging = "                    "; // below the reason

    private void WriteBoundaries(ExplainedMove move)
    {
        Heading("The blocks at its ends");
        PageTableLevel useful = BoundaryExplanation.HighestUseful(move);
        if (move.Congruence == PageTableLevel.Pte)
        {
            Paragraph("  ", "  ", $"No block can move whole under any policy: the places are not congruent, so every entry changes its slot in its table. {Change}{BoundaryExplanation.CongruentRemedy(move, useful)}.");
            return;
        }

        foreach (PlannedMove plan in move.Plans.Reverse())
        {
            if (plan.Policy == MovePolicy.PageShift)
                WriteBothEnds(move, plan);
            else if (plan.Policy == MovePolicy.Linux67)
                WriteStart(move, plan);
        }

        MovePolicy[] older = [.. move.Plans.Select(p => p.Policy).Where(p => p < MovePolicy.Linux67)];
        if (older.Length != 0)
            WriteOlder(move, older);
        if (useful > move.Congruence)
            Paragraph("  ", "    ", $"No {Describe.Level(useful)} entry can move whole under any policy: the places are not congruent modulo {Describe.Size(move.SpanOf(useful))}. {Change}{BoundaryExplanation.CongruentRemedy(move, useful)}.");
    }

    private void WriteBothEnds(ExplainedMove move, PlannedMove plan)
    {
        foreach (MoveEnd end in (MoveEnd[])[MoveEnd.Start, MoveEnd.End])
        {
            BoundaryDecision[] decisions = [.. ExplainedMove.At(plan, end)];
            ulong span = move.SpanOf(move.Congruence);
            bool isOnBoundary = (end == MoveEnd.Start ? move.Request.Source.Start : move.Request.Source.End).IsAligned(new ByteLength(span));
            if (decisions.Length == 0)
                Boundary(plan.Policy, end, isOnBoundary ? $"is on a boundary of {Describe.Size(span)}" : "has no tables: nothing has to move", null);
            foreach (BoundaryDecision decision in decisions)
                WriteDecision(move, plan.Policy, decision);
        }
    }

    private void WriteStart(ExplainedMove move, PlannedMove plan)
    {
        ulong span = move.SpanOf(PageTableLevel.Pmd);
        if (plan.Boundaries.Count == 0)
            Boundary(plan.Policy, MoveEnd.Start, $"is on a boundary of {Describe.Size(span)}, the only kind it looks at", null);
        else
            WriteDecision(move, plan.Policy, plan.Boundaries[0]);
        VirtualAddress last = move.Request.Source.End;
        if (last.IsAligned(new ByteLength(span)))
            Boundary(plan.Policy, MoveEnd.End, $"is on a boundary of {Describe.Size(span)}", null);
        else
            Boundary(plan.Policy, MoveEnd.End, $"{Describe.Level(PageTableLevel.Pmd)} {last.AlignDown(new ByteLength(span))} opened: this end is never expanded", $"end the mapping at {last.AlignUp(new ByteLength(span))}");
    }

    private void WriteOlder(ExplainedMove move, MovePolicy[] older)
    {
        bool isInside = !move.Request.Old.IsAligned(move.Geometry.Span(PageTableLevel.Pmd));
        Paragraph("  ", "    ", $"{NamesOf(older)} {(older.Length == 1 ? "never expands" : "never expand")} an end.{(isInside ? $" {Change}a kernel 6.7 or later, for the start." : "")}");
        if (move.Plans.Any(p => p.Cost.Warned))
            Paragraph("  ", "    ", $"{NamesOf([.. move.Plans.Where(p => p.Cost.Warned).Select(p => p.Policy)])} {(move.Plans.Count(p => p.Cost.Warned) == 1 ? "warns" : "warn")} (WARN_ON, mm/mremap.c): the pages that moved first left an empty table in the slot that a whole entry should move to next. The pages of that entry then move one by one too.");
    }

    private static string NamesOf(MovePolicy[] policies) => policies.Length == 1
        ? MovePolicyName.Of(policies[0])
        : $"{MovePolicyName.Of(policies[0])} to {MovePolicyName.Of(policies[^1])[LinuxPrefix.Length..]}";

    private void WriteDecision(ExplainedMove move, MovePolicy policy, in BoundaryDecision decision)
    {
        var explanation = BoundaryExplanation.Of(move, policy, decision);
        Boundary(policy, decision.End, $"{Describe.Level(decision.Level)} {decision.Block.Start} {explanation.Reason}", explanation.Remedy);
    }

    private void Boundary(MovePolicy policy, MoveEnd end, string reason, string? remedy)
    {
        string text = remedy is null ? $"{reason}." : $"{reason}. {Change}{remedy}.";
        Paragraph($"  {MovePolicyName.Of(policy),-9}  {(end == MoveEnd.Start ? "start" : "end"),-5}  ", Hanging, text);
    }
}
