using PageShift.Cli.Moves;
using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>The table of what a move costs under each policy.</summary>
internal static class PolicyTable
{
    internal static TextColumn[] Columns { get; } =
    [
        new("policy", IsNumber: false),
        new("entries moved", IsNumber: false),
        new("tables +/-", IsNumber: true),
        new("flushes", IsNumber: true),
        new("why", IsNumber: false),
    ];

    /// <summary>The columns of a sum of moves, which has no one reason.</summary>
    internal static TextColumn[] SumColumns { get; } = Columns[..^1];

    /// <summary>The rows of one move.</summary>
    /// <param name="policies">The policies, oldest first.</param>
    internal static IEnumerable<TextRow> Rows(IEnumerable<PolicyExplanation> policies) => Folded([.. policies.Select(policy => (policy.Plan.Policy, policy.Plan.Cost, policy.Reason))]);

    /// <summary>The rows of a sum of moves.</summary>
    /// <param name="sums">The policies, oldest first, with what all moves cost under each.</param>
    internal static IEnumerable<TextRow> SumRows(IEnumerable<(MovePolicy Policy, MoveCost Cost)> sums) => Folded([.. sums.Select(sum => (sum.Policy, sum.Cost, ""))]);

    private static TextRow Row(MovePolicy policy, in MoveCost cost, string reason)
    {
        RowTone tone = RowTone.Plain;
        if (policy == MovePolicy.PageShift)
            tone = RowTone.Good;
        else if (cost.Warned)
            tone = RowTone.Warning;
        return new TextRow(tone, Cells(MovePolicyName.Of(policy), cost, reason));
    }

    /// <summary>Rows in which policies that follow each other, move the same for the same reason, and cost the same, share one.</summary>
    private static IEnumerable<TextRow> Folded(IReadOnlyList<(MovePolicy Policy, MoveCost Cost, string Reason)> policies)
    {
        for (int first = 0; first < policies.Count;)
        {
            int next = first + 1;
            while (next < policies.Count && policies[next].Cost == policies[first].Cost && policies[next].Reason == policies[first].Reason)
                next++;
            TextRow row = Row(policies[first].Policy, policies[first].Cost, policies[first].Reason);
            yield return row with { Cells = [NameOf(policies, first, next), .. row.Cells[1..]] };
            first = next;
        }
    }

    /// <summary>"linux-5.0", "linux-4.20 … 6.7", "linux-6.7, pageshift" or "every policy".</summary>
    private static string NameOf(IReadOnlyList<(MovePolicy Policy, MoveCost Cost, string Reason)> policies, int first, int next)
    {
        if (next - first == MovePolicyName.All.Count)
            return "every policy";
        int lastLinux = next - 1;
        if (lastLinux > first && policies[lastLinux].Policy == MovePolicy.PageShift)
            lastLinux--;
        string name = MovePolicyName.Of(policies[first].Policy);
        if (lastLinux > first)
            name += $" … {MovePolicyName.Of(policies[lastLinux].Policy).Replace("linux-", "", StringComparison.Ordinal)}";
        return lastLinux < next - 1 ? $"{name}, {MovePolicyName.Of(policies[next - 1].Policy)}" : name;
    }

    /// <summary>What the same move would cost at a destination that is congruent, under both policies.</summary>
    internal static IEnumerable<TextRow> CongruentRows(CongruentForecast forecast)
    {
        string place = $"at {forecast.Destination}";
        return [CongruentRow(MovePolicy.Linux67, forecast.Linux.Cost, place), CongruentRow(MovePolicy.PageShift, forecast.PageShift.Cost, place)];
    }

    /// <summary>The same for a sum of moves.</summary>
    internal static IEnumerable<TextRow> CongruentRows(in MoveCost linux, in MoveCost ours) => [CongruentRow(MovePolicy.Linux67, linux, ""), CongruentRow(MovePolicy.PageShift, ours, "")];

    private static TextRow CongruentRow(MovePolicy policy, in MoveCost cost, string reason) =>
        new(RowTone.Plain, Cells($"{MovePolicyName.Of(policy)}, congruent", cost, reason));

    /// <summary>A row of a sum.</summary>
    internal static TextRow WithoutReason(TextRow row) => row with { Cells = row.Cells[..^1] };

    private static string[] Cells(string name, in MoveCost cost, string reason) =>
    [
        name,
        Describe.Entries(cost),
        $"{Describe.Number(cost.TablesAllocated)}/{Describe.Number(cost.TablesFreed)}",
        Describe.Number(cost.TlbFlushes),
        reason,
    ];
}
