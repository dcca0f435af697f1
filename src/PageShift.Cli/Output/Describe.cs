using System.Globalization;
using PageShift.Cli.Running;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Output;

/// <summary>Costs, sizes and reasons in words.</summary>
internal static class Describe
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>The entries that move, highest level first: "1 PMD, 256 PTE".</summary>
    internal static string Entries(in MoveCost cost)
    {
        if (cost.Entries == 0)
            return "nothing";
        var parts = new List<string>();
        for (PageTableLevel level = PageTableLevel.Pgd; level >= PageTableLevel.Pte; level--)
        {
            if (cost.At(level) != 0)
                parts.Add($"{Number(cost.At(level))} {Level(level)}");
        }

        return string.Join(", ", parts);
    }

    internal static string Level(PageTableLevel level) => level.ToString().ToUpperInvariant();

    internal static string Number(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A size with the largest unit that leaves at most two decimals exact enough: "2 MiB", "1.5 GiB".</summary>
    internal static string Size(ulong bytes)
    {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Units[unit]}");
    }

    /// <summary>How far source and destination are congruent.</summary>
    internal static string Congruence(PageTableLevel level) => level switch
    {
        PageTableLevel.Pte => "not congruent",
        PageTableLevel.Pmd => "congruent modulo 2 MiB",
        PageTableLevel.Pud => "congruent modulo 1 GiB",
        PageTableLevel.P4d => "congruent modulo 512 GiB",
        _ => "congruent modulo 256 TiB",
    };

    /// <summary>Why a policy does what it does, in one line; empty when there is nothing to say.</summary>
    internal static string Reason(MoveReport move, PolicyReport policy)
    {
        if (policy.Cost.Warned)
            return "warns: an empty table is in the destination's slot";
        if (policy.ExpandedSource != move.Request.Source)
            return $"expanded to {policy.ExpandedSource.Start}, {Size(policy.ExpandedSource.Length.Value)}";
        return string.Join("; ", policy.Boundaries.Where(b => b.Outcome != BoundaryOutcome.Expanded).Select(Boundary).Distinct());
    }

    private static string Boundary(BoundaryDecision boundary)
    {
        string end = boundary.End == MoveEnd.Start ? "start" : "end";
        return boundary.Outcome switch
        {
            BoundaryOutcome.NothingThere => $"{Level(boundary.Level)} at the {end}: nothing there",
            BoundaryOutcome.NotCongruent => $"{end} not expanded: not congruent",
            BoundaryOutcome.NotAtMappingStart => $"{end} not expanded: not the start of its mapping",
            BoundaryOutcome.TooShort => $"{end} not expanded: ends before the boundary",
            BoundaryOutcome.MappingInSource => $"{end} not expanded: a mapping at {boundary.Obstacle}, in the source's {Level(boundary.Level)}",
            BoundaryOutcome.MappingInDestination => $"{end} not expanded: a mapping at {boundary.Obstacle}, in the destination's {Level(boundary.Level)}",
            BoundaryOutcome.EntryInSource => $"{end} not expanded to its {Level(boundary.Level)}: an entry at {boundary.Obstacle}, in the source",
            BoundaryOutcome.EntryInDestination => $"{end} not expanded to its {Level(boundary.Level)}: an entry at {boundary.Obstacle}, in the destination",
            BoundaryOutcome.LeafIsCut => $"{end}: a large page is cut",
            _ => "",
        };
    }
}
