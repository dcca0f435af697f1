using PageShift.Cli.Output;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Explaining;

/// <summary>Why a boundary block moves whole or is opened, and what would change it.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Remedy">What would make it move whole; null when it does, or when nothing has to.</param>
internal readonly record struct BoundaryExplanation(string Reason, string? Remedy)
{
    /// <summary>Explains a decision of <paramref name="policy"/>.</summary>
    internal static BoundaryExplanation Of(ExplainedMove move, MovePolicy policy, in BoundaryDecision decision)
    {
        ulong span = move.SpanOf(decision.Level);
        string size = Describe.Size(span);
        AddressRange block = decision.Block;
        VirtualAddress obstacle = decision.Obstacle.GetValueOrDefault(); // the outcomes that speak of one have one
        switch (decision.Outcome)
        {
            case BoundaryOutcome.Expanded when policy != MovePolicy.PageShift:
                return new($"moves whole: no mapping is in the way, neither in it nor at its new place {At(move.Destination(block.Start.Value))}", null);
            case BoundaryOutcome.Expanded:
                return new($"moves whole: nothing else lives in it, and nothing stays at its new place {At(move.Destination(block.Start.Value))}", null);
            case BoundaryOutcome.NothingThere:
                return new("has no page of the move: no entry has to move", null);
            case BoundaryOutcome.EntryInSource:
                return new($"opened: {Neighbours(move, block)}, and would move along", $"unmap {Which(move, block)}, or MADV_DONTNEED");
            case BoundaryOutcome.EntryInDestination:
                AddressRange place = new(new VirtualAddress(move.Destination(block.Start.Value)), new ByteLength(span));
                return new($"opened: at its new place, {Neighbours(move, place)}", $"unmap {Which(move, place)}, or choose a destination whose block of {size} is empty");
            case BoundaryOutcome.LeafIsCut:
                return new($"opened: one large page of {size} fills it, and the move cuts it", CutRemedy(move, decision));
            case BoundaryOutcome.NotCongruent:
                return new($"opened: old and new differ modulo {size}", CongruentRemedy(move, decision.Level));
            case BoundaryOutcome.TooShort:
                return new($"opened: the move ends before {block.End}, the next boundary", $"move at least up to {block.End}");
            case BoundaryOutcome.NotAtMappingStart:
                return StartRemedy(move);
            case BoundaryOutcome.MappingInSource when move.Request.Destination.Contains(obstacle):
                return new($"opened: the move's own new mapping reaches into it, up to {move.Request.Destination.End}", FurtherDown(move, block.Start.Value));
            case BoundaryOutcome.MappingInDestination when move.Request.Source.Contains(obstacle):
                return new($"opened: the move's own old mapping reaches into its new place, up to {move.Request.Source.End}", FurtherUp(move, span));
            case BoundaryOutcome.MappingInSource:
                return new($"opened: a mapping that ends at {End(obstacle)} reaches into it, with pages or without", $"unmap [{block.Start}, {End(obstacle)})");
            case BoundaryOutcome.MappingInDestination:
                VirtualAddress to = new(move.Destination(block.Start.Value));
                return new($"opened: a mapping that ends at {End(obstacle)} reaches into its new place {to}", $"unmap [{to}, {End(obstacle)}), or choose another destination");
            default:
                throw new ArgumentOutOfRangeException(nameof(decision), decision.Outcome, "Not an outcome.");
        }
    }

    /// <summary>The highest level whose whole entries fit into the move: what a congruent destination would be good for.</summary>
    internal static PageTableLevel HighestUseful(ExplainedMove move)
    {
        PageTableLevel level = PageTableLevel.Pmd;
        while (level < move.Geometry.Root && move.SpanOf(level + 1) <= move.Request.Length.Value)
            level++;
        return level;
    }

    /// <summary>What would make source and destination congruent at a level: the nearest such destination.</summary>
    internal static string CongruentRemedy(ExplainedMove move, PageTableLevel level) =>
        $"choose a destination congruent modulo {Describe.Size(move.SpanOf(level))}, such as {At(NearestCongruent(move, level))}";

    /// <summary>The nearest address below the destination that is congruent with the source, or above it where that would reach into the source.</summary>
    internal static ulong NearestCongruent(ExplainedMove move, PageTableLevel level)
    {
        ulong span = move.SpanOf(level);
        ulong offset = move.Request.Old.Value & (span - 1);
        ulong length = move.Request.Length.Value;
        ulong near = (move.Request.New.Value & ~(span - 1)) + offset;
        if (near > move.Request.New.Value && near >= span)
            near -= span;
        bool reachesIntoSource = near < move.Request.Source.End.Value && near + length > move.Request.Old.Value;
        bool isFar = near < (1UL << 16); // below what an unprivileged process may map
        return reachesIntoSource || isFar ? near + span : near;
    }

    private static BoundaryExplanation StartRemedy(ExplainedMove move) => move.Request.SourceStartsMapping
        ? new("opened: the new mapping has merged with the one below it", "choose a destination with a hole below it")
        : new("opened: the move begins inside a mapping, not at its start", "move the mapping from its start");

    private static string? CutRemedy(ExplainedMove move, in BoundaryDecision decision) => decision.End == MoveEnd.Start
        ? $"begin the move at {decision.Block.Start} or {decision.Block.End}"
        : $"end the move at {decision.Block.Start} or {decision.Block.End}";

    private static string FurtherDown(ExplainedMove move, ulong block)
    {
        ulong length = move.Request.Length.Value;
        ulong span = move.SpanOf(PageTableLevel.Pmd);
        ulong offset = move.Request.Old.Value & (span - 1);
        if (block < length + offset)
            return "choose a destination above the source";
        ulong highest = ((block - length - offset) & ~(span - 1)) + offset;
        return $"choose a destination at {At(highest)} or further down";
    }

    private static string FurtherUp(ExplainedMove move, ulong span)
    {
        ulong offset = move.Request.Old.Value & (span - 1);
        return $"choose a destination at {At(move.Request.Source.End.AlignUp(span).Value + offset)} or further up";
    }

    /// <summary>What lives in a block and is not part of the move: how much, and where it begins.</summary>
    private static string Neighbours(ExplainedMove move, AddressRange block)
    {
        AddressRange[] ranges = InBlock(move, block);
        ulong pages = ranges.Aggregate(0UL, (sum, r) => sum + r.Length.WholePages.Value);
        return $"{Describe.Count((long)pages, "page")} at {ranges[0].Start} {(pages == 1 ? "is" : "are")} not part of the move";
    }

    private static string Which(ExplainedMove move, AddressRange block)
    {
        AddressRange[] ranges = InBlock(move, block);
        string first = $"[{ranges[0].Start}, {ranges[0].End})";
        return ranges.Length == 1 ? first : $"{first} and {Describe.Count(ranges.Length - 1, "range")} more in {block.Start}";
    }

    private static AddressRange[] InBlock(ExplainedMove move, AddressRange block) => [.. move.Neighbours.Where(r => r.Overlaps(block)).Select(r => r.Intersect(block))];

    private static VirtualAddress End(VirtualAddress lastPage) => lastPage + new ByteLength(PageSize.Bytes);

    private static string At(ulong address) => new VirtualAddress(address).ToString();
}
