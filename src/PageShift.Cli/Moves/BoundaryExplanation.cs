using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Moves;

/// <summary>Why a boundary block moves whole or is opened, and what would change it.</summary>
/// <param name="Decision">What was decided, and what is in the way.</param>
/// <param name="Brief">Why, in a few words.</param>
/// <param name="Reason">Why, as a sentence about the block.</param>
/// <param name="Remedy">What would make it move whole; null when it does, or when nothing has to.</param>
internal readonly record struct BoundaryExplanation(BoundaryDecision Decision, string Brief, string Reason, string? Remedy)
{
    /// <summary>Explains a decision of <paramref name="policy"/>.</summary>
    internal static BoundaryExplanation Of(MovePlaces move, MovePolicy policy, in BoundaryDecision decision)
    {
        (string brief, string reason, string? remedy) = Words(move, policy, decision);
        return new BoundaryExplanation(decision, brief, reason, remedy);
    }

    private static (string Brief, string Reason, string? Remedy) Words(MovePlaces move, MovePolicy policy, in BoundaryDecision decision)
    {
        AddressRange block = decision.Block;
        string size = Describe.Size(block.Length);
        VirtualAddress obstacle = decision.Obstacle.GetValueOrDefault(); // the outcomes that speak of one have one
        VirtualAddress end = obstacle + move.SpanOf(PageTableLevel.Pte); // the obstacle is a mapping's last page
        switch (decision.Outcome)
        {
            case BoundaryOutcome.Expanded when policy != MovePolicy.PageShift:
                return ("expanded", $"moves whole: no mapping is in the way, neither in it nor at its new place {Place().Start}", null);
            case BoundaryOutcome.Expanded:
                return ("expanded", $"moves whole: nothing else lives in it, and nothing stays at its new place {Place().Start}", null);
            case BoundaryOutcome.NothingThere:
                return ("nothing there", "has no page of the move: no entry has to move", null);
            case BoundaryOutcome.EntryInSource:
                return ($"entry at {obstacle}", $"opened: {Neighbours(move, block, obstacle)}, and would move along", $"unmap {Which(move, block)}, or MADV_DONTNEED");
            case BoundaryOutcome.EntryInDestination:
                return ($"entry at {obstacle}, destination", $"opened: at its new place, {Neighbours(move, Place(), obstacle)}",
                    $"unmap {Which(move, Place())}, or choose a destination whose block of {size} is empty");
            case BoundaryOutcome.LeafIsCut:
                return ("a large page is cut", $"opened: one large page of {size} fills it, and the move cuts it",
                    $"{(decision.End == MoveEnd.Start ? "begin" : "end")} the move at {block.Start} or {block.End}");
            case BoundaryOutcome.NotCongruent:
                return ("not congruent", $"opened: old and new differ modulo {size}", $"choose a destination congruent modulo {size}, such as {move.NearestCongruent(decision.Level)}");
            case BoundaryOutcome.TooShort:
                return ("it ends before the next boundary", $"opened: the move ends before {block.End}, the next boundary", $"move at least up to {block.End}");
            case BoundaryOutcome.NotAtMappingStart when move.SourceStartsMapping:
                return ("not the start of its mapping", "opened: the new mapping has merged with the one below it", "choose a destination with a hole below it");
            case BoundaryOutcome.NotAtMappingStart:
                return ("not the start of its mapping", "opened: the move begins inside a mapping, not at its start", "move the mapping from its start");
            case BoundaryOutcome.MappingInSource when move.Destination.Contains(obstacle):
                return ("its own new mapping", $"opened: the move's own new mapping reaches into it, up to {move.Destination.End}", FurtherDown(move, block.Start));
            case BoundaryOutcome.MappingInDestination when move.Source.Contains(obstacle):
                return ("its own old mapping", $"opened: the move's own old mapping reaches into its new place, up to {move.Source.End}", FurtherUp(move, block.Length));
            case BoundaryOutcome.MappingInSource:
                return ($"mapping at {obstacle}", $"opened: a mapping that ends at {end} reaches into it, with pages or without", $"unmap [{block.Start}, {end})");
            case BoundaryOutcome.MappingInDestination:
                return ($"mapping at {obstacle}, destination", $"opened: a mapping that ends at {end} reaches into its new place {Place().Start}",
                    $"unmap [{Place().Start}, {end}), or choose another destination");
            default:
                throw new ArgumentOutOfRangeException(nameof(decision), decision.Outcome, "Not an outcome.");
        }

        AddressRange Place() => move.DestinationOf(block); // where only places that are congruent have one
    }

    private static string FurtherDown(MovePlaces move, VirtualAddress block)
    {
        ByteLength span = move.SpanOf(PageTableLevel.Pmd);
        ByteLength offset = move.Old.OffsetIn(span);
        if (block - VirtualAddress.Zero < move.Length + offset)
            return "choose a destination above the source";
        VirtualAddress highest = (block - (move.Length + offset)).AlignDown(span) + offset;
        return $"choose a destination at {highest} or further down";
    }

    private static string FurtherUp(MovePlaces move, ByteLength span) =>
        $"choose a destination at {move.Source.End.AlignUp(span) + move.Old.OffsetIn(span)} or further up";

    /// <summary>What lives in a block and is not part of the move: how much, when somebody has looked, and where it begins.</summary>
    private static string Neighbours(MovePlaces move, AddressRange block, VirtualAddress obstacle)
    {
        AddressRange[] ranges = InBlock(move, block);
        if (ranges.Length == 0)
            return $"a page at {obstacle} is not part of the move";
        ulong pages = ranges.Aggregate(0UL, (sum, r) => sum + r.Length.Value / move.SpanOf(PageTableLevel.Pte).Value);
        return $"{Describe.Count((long)pages, "page")} at {ranges[0].Start} {(pages == 1 ? "is" : "are")} not part of the move";
    }

    private static string Which(MovePlaces move, AddressRange block)
    {
        AddressRange[] ranges = InBlock(move, block);
        if (ranges.Length == 0)
            return $"what else is in [{block.Start}, {block.End})";
        string first = $"[{ranges[0].Start}, {ranges[0].End})";
        return ranges.Length == 1 ? first : $"{first} and {Describe.Count(ranges.Length - 1, "range")} more in {block.Start}";
    }

    private static AddressRange[] InBlock(MovePlaces move, AddressRange block) => [.. (move.Neighbours ?? []).Where(r => r.Overlaps(block)).Select(r => r.Intersect(block))];
}
