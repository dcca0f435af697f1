namespace PageShift.Memory.Pieces;

/// <summary>A run of a buffer that Linux holds as one mapping (a VMA), and the identity that decides with which neighbours Linux merges it.</summary>
/// <remarks>Linux merges two neighbours when their pages come from the same anonymous memory (anon_vma) and their page offsets follow each other. The page offset of a mapping that has
/// been written to goes with it when it moves, so what a splice has parted stays parted until it is moved together again, or copied together.</remarks>
internal struct Piece
{
    /// <summary>Its first address.</summary>
    internal ulong Start;

    /// <summary>The address after its last byte.</summary>
    internal ulong End;

    /// <summary>Its page offset in bytes, less its address, modulo 2^64: 0 where it was first mapped.</summary>
    internal ulong Shift;

    /// <summary>Which anonymous memory its pages come from. Two pieces of one origin have been one mapping, and had an identity then.</summary>
    internal int Origin;

    /// <summary>True when it is known that a page of it has been written to, so that its identity is fixed.</summary>
    internal bool IsTouched;

    /// <summary>Its bytes.</summary>
    internal readonly ulong Length => End - Start;

    /// <summary>True when Linux merges the two once they are neighbours.</summary>
    internal readonly bool MergesWith(in Piece other) => Origin == other.Origin && Shift == other.Shift;
}
