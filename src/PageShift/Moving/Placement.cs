namespace PageShift.Moving;

/// <summary>How the engine chooses an address when the caller leaves the choice open.</summary>
public enum Placement
{
    /// <summary>Where Linux would place the range.</summary>
    Linux,

    /// <summary>At an address congruent to the source of the move, modulo the span of the highest entry that
    /// can then be moved whole; where Linux would place it when no such range is free.</summary>
    Congruent,
}
