using PageShift.Moving;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>Shows the move that a remap of one mapping would make if its destination were chosen congruent (<see cref="Placement.Congruent"/>). Changes nothing.</summary>
    /// <param name="old">Where the mapping, or the part of it, begins. A multiple of 4 KiB.</param>
    /// <param name="oldLength">What moves: whole pages of one mapping, at least one.</param>
    /// <param name="newLength">What the destination needs, in whole pages, not less.</param>
    /// <param name="keepsSource">True for MREMAP_DONTUNMAP.</param>
    /// <param name="observer">Sees the move; not called when there is no congruent place, or not one mapping.</param>
    internal void ForecastCongruentMove(VirtualAddress old, ByteLength oldLength, ByteLength newLength, bool keepsSource, IMoveObserver observer)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        _remapper.ForecastCongruent(old, oldLength, newLength, keepsSource, observer);
    }

    /// <summary>A free destination for a move that is congruent with its source at the highest level that its length makes worthwhile, with nothing else in the blocks at its ends.</summary>
    /// <param name="old">Where the source begins. A multiple of 4 KiB.</param>
    /// <param name="newLength">What the destination needs, in whole pages, at least one.</param>
    /// <returns>The place; null when there is none.</returns>
    internal VirtualAddress? FindCongruentPlace(VirtualAddress old, ByteLength newLength)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return _remapper.FindCongruent(old, newLength);
    }
}
