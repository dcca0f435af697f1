using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>Holes in an object (MADV_REMOVE), and its end (ftruncate), as the other spaces that map it see them: their leaves go too, as on Linux. A space's lock is never held while another's is taken; so
/// this comes after the call's own work, when the pages are zero already and only their leaves are left.</summary>
public sealed partial class AddressSpace : IObjectMapper
{
    // Guarded by the mapping lock, exclusively. What the running call has punched; null for nothing.
    private List<PunchedHole>? _punchedHoles;

    bool IObjectMapper.IsDisposed => _state.IsEnded;

    void IObjectMapper.UnmapPages(MemoryObject memoryObject, PageCount first, PageCount count)
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (!_state.IsEnded)
            UnmapObjectPages(memoryObject, first, count);
    }

    void IObjectMapper.UnmapFrom(MemoryObject memoryObject, PageCount first)
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (_state.IsEnded)
            return;
        for (MappingHandle handle = _mappings.First; handle.Exists; handle = _mappings.Next(handle))
        {
            if (_mappings.FileOf(handle) is not { } file || file.Object != memoryObject)
                continue;
            Mapping mapping = _mappings[handle];
            ulong from = Math.Max(first.Value, mapping.PageOffset.Value);
            if (from < mapping.PageOffset.Value + mapping.Range.Length.WholePages.Value)
                _unmapper.ZapTruncated(new AddressRange(SplitOrPass(AddressOf(mapping, from)), mapping.End));
        }
    }

    /// <summary>Splits the large leaf that reaches over an address, which only <see cref="MarkPresent"/> puts into a mapping of an object. Returns the address; without memory the end of that leaf, which then
    /// stays.</summary>
    private VirtualAddress SplitOrPass(VirtualAddress address) =>
        _tables.TrySplitAt(address) ? address : _pages.EndOfSlot(address, _tables.Walk(address).Level);

    private void NotePunchedHole(in PunchedHole hole) => (_punchedHoles ??= []).Add(hole);

    private List<PunchedHole>? TakePunchedHoles()
    {
        List<PunchedHole>? holes = _punchedHoles;
        _punchedHoles = null;
        return holes;
    }

    /// <summary>Unmaps holes in the other spaces that map their objects. No lock is held.</summary>
    private void UnmapElsewhere(List<PunchedHole>? holes)
    {
        if (holes is null)
            return;
        foreach (PunchedHole hole in holes)
            hole.Object.UnmapHoleElsewhere(this, hole.First, hole.Count);
    }

    /// <summary>Pages of an object that were made zero.</summary>
    private readonly record struct PunchedHole(MemoryObject Object, PageCount First, PageCount Count);
}
