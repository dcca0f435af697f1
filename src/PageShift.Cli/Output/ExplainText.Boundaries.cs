using PageShift.Cli.Explaining;
using PageShift.Cli.Moves;
using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;

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
        if (move.Places.Congruence == PageTableLevel.Pte)
        {
            Paragraph("  ", "  ", $"No block can move whole under any policy: the places are not congruent, so every entry changes its slot in its table. {Change}{move.Explanation.Remedy}.");
            return;
        }

        foreach (PolicyExplanation policy in move.Explanation.Policies.Where(p => p.Plan.Policy >= MovePolicy.Linux67).Reverse())
        {
            WriteEnd(policy, MoveEnd.Start);
            WriteEnd(policy, MoveEnd.End);
        }

        PolicyExplanation[] older = [.. move.Explanation.Policies.Where(p => p.Plan.Policy < MovePolicy.Linux67)];
        if (older.Length != 0)
            WriteOlder(older);
        PageTableLevel useful = move.Places.HighestUseful;
        if (move.Explanation.Remedy is { } remedy)
            Paragraph("  ", "    ", $"No {Describe.Level(useful)} entry can move whole under any policy: the places are not congruent modulo {Describe.Size(move.Places.SpanOf(useful))}. {Change}{remedy}.");
    }

    private void WriteEnd(PolicyExplanation policy, MoveEnd end)
    {
        foreach (EndExplanation found in policy.Ends.Where(e => e.End == end))
            Boundary(policy.Plan.Policy, end, found.Reason, found.Remedy);
        foreach (BoundaryExplanation found in policy.Boundaries.Where(b => b.Decision.End == end))
            Boundary(policy.Plan.Policy, end, $"{Describe.Level(found.Decision.Level)} {found.Decision.Block.Start} {found.Reason}", found.Remedy);
    }

    private void WriteOlder(PolicyExplanation[] older)
    {
        string? remedy = older[0].Ends[0].Remedy; // the same for all of them
        Paragraph("  ", "    ", $"{NamesOf(older)} {(older.Length == 1 ? "never expands" : "never expand")} an end.{(remedy is null ? "" : $" {Change}{remedy}.")}");
        PolicyExplanation[] warned = [.. older.Where(p => p.Plan.Cost.Warned)];
        if (warned.Length != 0)
            Paragraph("  ", "    ", $"{NamesOf(warned)} {(warned.Length == 1 ? "warns" : "warn")} (WARN_ON, mm/mremap.c): the pages that moved first left an empty table in the slot that a whole entry should move to next. The pages of that entry then move one by one too.");
    }

    private static string NamesOf(PolicyExplanation[] policies) => policies.Length == 1
        ? MovePolicyName.Of(policies[0].Plan.Policy)
        : $"{MovePolicyName.Of(policies[0].Plan.Policy)} to {MovePolicyName.Of(policies[^1].Plan.Policy)[LinuxPrefix.Length..]}";

    private void Boundary(MovePolicy policy, MoveEnd end, string reason, string? remedy)
    {
        string text = remedy is null ? $"{reason}." : $"{reason}. {Change}{remedy}.";
        Paragraph($"  {MovePolicyName.Of(policy),-9}  {(end == MoveEnd.Start ? "start" : "end"),-5}  ", Hanging, text);
    }
}
