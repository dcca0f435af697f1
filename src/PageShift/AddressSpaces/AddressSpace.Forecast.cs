using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Translation;

namespace PageShift;

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
        var source = new AddressRange(old, oldLength);
        MappingHandle handle = _mappings.Find(old);
        if (handle.IsNone || source.IsEmpty || !_mappings.RangeOf(handle).Contains(source))
            return;
        Mapping mapping = _mappings[handle];
        var remap = new RemapRequest { Old = old.Value, OldLength = oldLength.Value, NewLength = newLength.Value };
        if (ChooseCongruent(remap) is not { } chosen)
            return;

        // The kernel inserts the new mapping before it moves the entries, and so its rules see it.
        remap.New = chosen.Value;
        Mapping moved = MovedCopy(mapping, remap, new AddressRange(chosen, newLength));
        MappingHandle below = _mappings.FindFirstEndingAbove(chosen) is { Exists: true } above ? _mappings.Previous(above) : _mappings.Last;
        bool merges = below.Exists && MergeRules.CanMerge(_mappings[below], moved);
        MappingHandle made = _mappings.Insert(moved);
        MoveRequest request = Surround(handle, source, made, moved.Range, sourceGoes: !keepsSource, destinationUnmapWorked: false);
        if (merges)
            request = request with { DestinationStartsMapping = false, DestinationPredecessorEnd = _mappings.EndBelow(below) };
        _observation.Show(request, observer);
        _mappings.Remove(made);
    }
}
