using PageShift.Cli.Moves;
using PageShift.Cli.Words;
using PageShift.Moving;

namespace PageShift.Cli.Output;

/// <summary>The table of what a move costs under each policy.</summary>
internal static class PolicyTable
{
    internal static TextColumn[] Columns { get; } =
    [
        new("policy", IsNumber: false),
        new("entries moved", IsNumber: false),
        new("slots", IsNumber: true),
        new("tables +/-", IsNumber: true),
        new("flushes", IsNumber: true),
        new("why", IsNumber: false),
    ];

    /// <summary>The columns of a sum of moves, which has no one reason.</summary>
    internal static TextColumn[] SumColumns { get; } = Columns[..^1];

    internal static TextRow Row(PolicyExplanation policy) => Row(policy.Plan.Policy, policy.Plan.Cost, policy.Reason);

    internal static TextRow Row(MovePolicy policy, in MoveCost cost, string reason)
    {
        RowTone tone = RowTone.Plain;
        if (policy == MovePolicy.PageShift)
            tone = RowTone.Good;
        else if (cost.Warned)
            tone = RowTone.Warning;
        return new TextRow(tone, Cells(MovePolicyName.Of(policy), cost, reason));
    }

    /// <summary>What the same move would cost at a destination that is congruent.</summary>
    internal static TextRow CongruentRow(MovePolicy policy, in MoveCost cost, string reason) =>
        new(RowTone.Plain, Cells($"{MovePolicyName.Of(policy)}, congruent", cost, reason));

    /// <summary>The columns where there is no room for the slots.</summary>
    internal static TextColumn[] NarrowColumns { get; } = [.. Columns[..2], .. Columns[3..]];

    /// <summary>A row for <see cref="NarrowColumns"/>.</summary>
    internal static TextRow Narrow(TextRow row) => row with { Cells = [.. row.Cells[..2], .. row.Cells[3..]] };

    /// <summary>A row of a sum.</summary>
    internal static TextRow WithoutReason(TextRow row) => row with { Cells = row.Cells[..^1] };

    private static string[] Cells(string name, in MoveCost cost, string reason) =>
    [
        name,
        Describe.Entries(cost),
        Describe.Number(cost.SlotsVisited),
        $"{Describe.Number(cost.TablesAllocated)}/{Describe.Number(cost.TablesFreed)}",
        Describe.Number(cost.TlbFlushes),
        reason,
    ];
}
