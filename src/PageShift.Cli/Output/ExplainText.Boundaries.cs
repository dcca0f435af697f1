using PageShift.Cli.Explaining;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <content>What was decided about the blocks at the two ends, under each policy that decides.</content>
internal sealed partial class ExplainText
{
    private const string BoundaryHanging = "                          ";

    private void WriteBoundaries(ExplainedMove move)
    {
        Heading("The blocks at its ends");
        if (move.Congruence == PageTableLevel.Pte)
        {
            Paragraph("  ", "  ", $"None can move whole, under any policy: every entry changes its slot within its table. What would change it: {BoundaryExplanation.CongruentRemedy(move, PageTableLevel.Pmd)}.");
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
    }

    private void WriteBothEnds(ExplainedMove move, PlannedMove plan)
    {
        foreach (MoveEnd end in (MoveEnd[])[MoveEnd.Start, MoveEnd.End])
        {
            BoundaryDecision[] decisions = [.. ExplainedMove.At(plan, end)];
            if (decisions.Length == 0)
                Boundary("pageshift", end, $"stands on a boundary of {Describe.Size(move.SpanOf(move.Congruence))}", null);
            foreach (BoundaryDecision decision in decisions)
                WriteDecision(move, "pageshift", decision);
        }
    }

    private void WriteStart(ExplainedMove move, PlannedMove plan)
    {
        const string Name = "linux-6.7";
        ulong span = move.SpanOf(PageTableLevel.Pmd);
        if (plan.Boundaries.Count == 0)
            Boundary(Name, MoveEnd.Start, $"stands on a boundary of {Describe.Size(span)}, the only one it knows", null);
        else
            WriteDecision(move, Name, plan.Boundaries[0]);
        VirtualAddress last = move.Request.Source.End;
        if (last.IsAligned(span))
            Boundary(Name, MoveEnd.End, $"stands on a boundary of {Describe.Size(span)}", null);
        else
            Boundary(Name, MoveEnd.End, $"in {last.AlignDown(span)}: never expanded, page by page", $"end at {last.AlignUp(span)}");
    }

    private void WriteOlder(ExplainedMove move, MovePolicy[] older)
    {
        string names = older.Length == 1 ? MovePolicyName.Of(older[0]) : $"{MovePolicyName.Of(older[0])} to {MovePolicyName.Of(older[^1])[6..]}";
        bool isInside = !move.Request.Old.IsAligned(move.SpanOf(PageTableLevel.Pmd));
        Paragraph("  ", "    ", $"{names}: no end is ever expanded{(isInside ? "; the start is from kernel 6.7 on" : "")}.");
    }

    private void WriteDecision(ExplainedMove move, string policy, in BoundaryDecision decision)
    {
        var explanation = BoundaryExplanation.Of(move, decision);
        Boundary(policy, decision.End, $"{Describe.Level(decision.Level)} {decision.Block.Start} {explanation.Reason}", explanation.Remedy);
    }

    private void Boundary(string policy, MoveEnd end, string reason, string? remedy)
    {
        string text = remedy is null ? $"{reason}." : $"{reason}. What would change it: {remedy}.";
        Paragraph($"  {policy,-9}  {(end == MoveEnd.Start ? "start" : "end"),-5}  ", BoundaryHanging[..20], text);
    }
}
