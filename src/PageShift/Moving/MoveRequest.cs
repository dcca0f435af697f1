using PageShift.Units;

namespace PageShift.Moving;

/// <summary>A move that is to be planned: what moves where, and what the rules need to know of the mappings around it.</summary>
/// <remarks>The moment of a request is that of Linux: the destination has been unmapped, the new mapping has been inserted, no entry has moved yet.</remarks>
public readonly record struct MoveRequest
{
    internal MoveRequest(VirtualAddress old, VirtualAddress @new, ByteLength length)
    {
        Old = old;
        New = @new;
        Length = length;
    }

    /// <summary>The first address that moves. A multiple of 4 KiB.</summary>
    public VirtualAddress Old { get; }

    /// <summary>Where it moves to. A multiple of 4 KiB.</summary>
    public VirtualAddress New { get; }

    /// <summary>The bytes that move. A multiple of 4 KiB, not zero.</summary>
    public ByteLength Length { get; }

    /// <summary>The same move in addresses and lengths that are 2^<paramref name="shift"/> times as large: what a log has whose pages are larger than the engine's.</summary>
    internal MoveRequest Scaled(int shift) => new(new VirtualAddress(Old.Value << shift), new VirtualAddress(New.Value << shift), new ByteLength(Length.Value << shift))
    {
        SourceStartsMapping = SourceStartsMapping,
        DestinationStartsMapping = DestinationStartsMapping,
        IsStackMove = IsStackMove,
        KeepsTables = KeepsTables,
        SourceGoes = SourceGoes,
        UnmapFlushes = UnmapFlushes,
        SourcePredecessorEnd = new VirtualAddress(SourcePredecessorEnd.Value << shift),
        DestinationPredecessorEnd = new VirtualAddress(DestinationPredecessorEnd.Value << shift),
    };

    /// <summary>The addresses that move.</summary>
    public AddressRange Source => new(Old, Length);

    /// <summary>Where they move to.</summary>
    public AddressRange Destination => new(New, Length);

    /// <summary>True when <see cref="Old"/> is the start of its mapping.</summary>
    internal bool SourceStartsMapping { get; init; }

    /// <summary>True when <see cref="New"/> is the start of the new mapping, which did not merge with a predecessor.</summary>
    internal bool DestinationStartsMapping { get; init; }

    /// <summary>True for the stack move of execve, whose ranges may overlap and whose two mappings are one.</summary>
    internal bool IsStackMove { get; init; }

    /// <summary>True when the source is registered with a userfaultfd, and the kernel that is followed moves no tables of such a range (the newest policy of Linux then moves pages).</summary>
    internal bool KeepsTables { get; init; }

    /// <summary>True when the source is unmapped after the move, so that its tables go; false for MREMAP_DONTUNMAP.</summary>
    internal bool SourceGoes { get; init; }

    /// <summary>How many of the unmappings before the move, those of the destination and of a source's tail that is not to move, took away any entry or table: each is a flush in Linux.</summary>
    internal int UnmapFlushes { get; init; }

    /// <summary>The end of the nearest mapping below <see cref="Old"/>'s mapping; 0 when there is none.</summary>
    internal VirtualAddress SourcePredecessorEnd { get; init; }

    /// <summary>The end of the nearest mapping below <see cref="New"/>'s mapping; 0 when there is none.</summary>
    internal VirtualAddress DestinationPredecessorEnd { get; init; }

    /// <summary>When the source goes: the end of what stays mapped below it. Tables that reach below stay.</summary>
    internal VirtualAddress SourceFloor { get; init; }

    /// <summary>When the source goes: the start of what stays mapped above it. Tables that reach above stay.</summary>
    internal VirtualAddress SourceCeiling { get; init; }

    /// <summary>A range around the source in which, as the mappings tell, nothing lives but what moves; empty where nobody has looked. No entry lives outside of every mapping.</summary>
    internal AddressRange SourceClearance { get; init; }

    /// <summary>A range around the destination in which, as the mappings tell, nothing lives but what moves; empty where nobody has looked.</summary>
    internal AddressRange DestinationClearance { get; init; }
}
