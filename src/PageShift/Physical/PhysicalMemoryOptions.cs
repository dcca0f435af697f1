namespace PageShift.Physical;

/// <summary>What a <see cref="PhysicalMemory"/> holds, and how much.</summary>
public sealed record PhysicalMemoryOptions
{
    /// <summary>The default capacity: 64 GiB of frames, none committed until it is touched.</summary>
    internal const ulong DefaultCapacityBytes = 64UL << 30;

    /// <summary>The capacity of a bytes-free arena that is not told otherwise: 256 TiB of frame numbers.</summary>
    internal const ulong DefaultBytesFreeCapacityBytes = 1UL << 48;

    /// <summary>Bytes of frames that have content. In a bytes-free arena these hold the page tables only.
    /// A multiple of 2 MiB; at most 4 TiB.</summary>
    public ulong CapacityBytes { get; init; } = DefaultCapacityBytes;

    /// <summary>When above zero, the arena is <em>bytes-free</em>: frames of data come from a range of
    /// this many bytes of frame numbers that have no content, so that terabyte layouts can be planned in
    /// megabytes. A multiple of 2 MiB; at most 2^51.</summary>
    public ulong BytesFreeCapacityBytes { get; init; }

    /// <summary>A debugging aid: every frame with content is followed by a fence of 4 KiB with a known
    /// pattern, checked when the frame is freed and by <see cref="PhysicalMemory.VerifyFences"/>, and
    /// freed frames are poisoned. Doubles the memory.</summary>
    internal bool Fenced { get; init; }

    /// <summary>The frames of a page table, which follow one another, as their base-2 logarithm: 0 to 4. Tables of more than 512 entries need more than one.</summary>
    internal int TableOrder { get; init; }

    /// <summary>An arena for planning: 256 TiB of frame numbers without content.</summary>
    public static PhysicalMemoryOptions BytesFree { get; } = new() { BytesFreeCapacityBytes = DefaultBytesFreeCapacityBytes };
}
