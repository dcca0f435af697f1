namespace PageShift.Memory;

/// <summary>How a buffer is made. The defaults suit most.</summary>
/// <remarks>Immutable, thread-safe.</remarks>
public sealed record PageBufferOptions
{
    /// <summary>The defaults.</summary>
    public static PageBufferOptions Default { get; } = new();

    /// <summary>The bytes of address space to reserve: the buffer's base does not change below it. Rounded up to whole blocks of the page tables (2 MiB, from 1 GiB on 1 GiB, with pages of
    /// 4 KiB). 0 for twice the first length. Address space costs no memory.</summary>
    public long Capacity { get; init; }

    /// <summary>How pages are shifted.</summary>
    public MoveStrategy Strategy { get; init; } = MoveStrategy.Cheapest;

    /// <summary>What <see cref="MoveStrategy.Cheapest"/> decides by; null for <see cref="MoveCosts.Current"/>.</summary>
    public MoveCosts? Costs { get; init; }

    /// <summary>The most pieces, which is the most mappings of the process that the buffer's contents take, after each operation; at least 4. Each splice adds one or two; beyond this number the smallest
    /// are merged into their neighbours. Fewer make splices of large buffers faster, as each mapping takes a system call; more make merges cheaper, as pieces are smaller.</summary>
    public int MaximumPieces { get; init; } = 64;

    /// <summary>True to make the buffer's memory inaccessible while no lease is held, so that a use without one ends the process at the very instruction, and <see cref="PageBuffer.AsSpan(long, int)"/>
    /// throws without one. For finding such uses: each lease takes two system calls.</summary>
    public bool FindUnleasedUse { get; init; }
}
