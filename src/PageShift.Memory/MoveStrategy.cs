namespace PageShift.Memory;

/// <summary>How a buffer's operations shift pages.</summary>
public enum MoveStrategy
{
    /// <summary>By whichever is cheaper by the buffer's <see cref="MoveCosts"/>; by copying where the kernel can't move pages.</summary>
    Cheapest,

    /// <summary>By moving page-table entries wherever the kernel does it.</summary>
    Move,

    /// <summary>By copying, always.</summary>
    Copy,
}
