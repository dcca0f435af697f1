using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Moves;

/// <summary>Where a move goes from and to, and in which page tables: what is needed to explain its plans.</summary>
/// <param name="Source">What moves.</param>
/// <param name="Destination">Where it goes.</param>
/// <param name="Congruence">The highest level at which the two are congruent.</param>
/// <param name="Geometry">The shape of the page tables.</param>
/// <param name="SourceStartsMapping">True when the move begins at the start of its mapping.</param>
internal sealed record MovePlaces(AddressRange Source, AddressRange Destination, PageTableLevel Congruence, PagingGeometry Geometry, bool SourceStartsMapping)
{
    /// <summary>The lowest address that an unprivileged process may map.</summary>
    private static VirtualAddress LowestMapped => new(1UL << 16);

    /// <summary>What is occupied near the move and is not part of it, lowest first; null when nobody has looked.</summary>
    internal IReadOnlyList<AddressRange>? Neighbours { get; init; }

    /// <summary>True when the newest policy of Linux moves no table of it, as it is registered with a userfaultfd.</summary>
    internal bool KeepsTables { get; init; }

    /// <summary>What the processor's Linux moves as one entry.</summary>
    internal TableMoveSupport TableMoves { get; init; } = TableMoveSupport.X86;

    internal VirtualAddress Old => Source.Start;

    internal VirtualAddress New => Destination.Start;

    internal ByteLength Length => Source.Length;

    /// <summary>The highest level whose whole entries fit into the move: what a congruent destination would be good for.</summary>
    internal PageTableLevel HighestUseful => Geometry.HighestUseful(Length);

    internal static MovePlaces Of(in MoveRequest move, PageTableLevel congruence, PagingGeometry geometry) =>
        new(move.Source, move.Destination, congruence, geometry, move.SourceStartsMapping) { KeepsTables = move.KeepsTables };

    /// <summary>Both places, out to whole blocks of the highest level that the plans decide about.</summary>
    internal AddressRange[] Surroundings(IEnumerable<PlannedMove> plans)
    {
        ByteLength span = SpanOf(plans.SelectMany(p => p.Boundaries).Select(b => b.Level).Append(PageTableLevel.Pmd).Max());
        return [Widen(Source), Widen(Destination)];

        AddressRange Widen(AddressRange range) => new(range.Start.AlignDown(span), range.End.AlignUp(span));
    }

    /// <summary>The same places, with what is occupied in their surroundings before the move.</summary>
    internal MovePlaces Among(PageTableSnapshot before) =>
        this with { Neighbours = [.. OccupiedRanges.In(before, Geometry).SelectMany(r => OccupiedRanges.Without(r, Source))] };

    internal ByteLength SpanOf(PageTableLevel level) => Geometry.Span(level);

    /// <summary>Where a block of the source goes.</summary>
    internal AddressRange DestinationOf(AddressRange block) => new(new VirtualAddress(unchecked(block.Start.Value + (New.Value - Old.Value))), block.Length);

    /// <summary>The nearest address below the destination that is congruent with the source, or above it where that would reach into the source.</summary>
    internal VirtualAddress NearestCongruent(PageTableLevel level)
    {
        ByteLength span = SpanOf(level);
        VirtualAddress near = New.AlignDown(span) + Old.OffsetIn(span);
        if (near > New && near - VirtualAddress.Zero >= span)
            near -= span;
        bool reachesIntoSource = new AddressRange(near, Length).Overlaps(Source);
        bool isFar = near < LowestMapped;
        return reachesIntoSource || isFar ? near + span : near;
    }
}
