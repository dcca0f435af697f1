using PageShift.Units;

namespace PageShift.Cli.Walking;

/// <summary>How an end of a mapping stands in its block of 2 MiB.</summary>
internal enum MappingEnd
{
    /// <summary>On a boundary.</summary>
    Aligned,

    /// <summary>No other mapping reaches into the block.</summary>
    Alone,

    /// <summary>Other mappings do, and have no page there.</summary>
    EmptyNeighbours,

    /// <summary>Other mappings have pages there.</summary>
    Shared,
}

/// <summary>A mapping of a process.</summary>
/// <param name="Range">Where it is.</param>
/// <param name="Name">The file, or the kernel's name for it; empty without one.</param>
/// <param name="Occupied">How much of it has pages, in memory or in swap.</param>
/// <param name="Huge">How much of that stands in large pages.</param>
/// <param name="WholeBlocks">How many whole blocks of 2 MiB it covers.</param>
/// <param name="Start">How its start stands.</param>
/// <param name="End">How its end stands.</param>
internal sealed record TabledMapping(AddressRange Range, string Name, ByteLength Occupied, ByteLength Huge, ulong WholeBlocks, MappingEnd Start, MappingEnd End);
