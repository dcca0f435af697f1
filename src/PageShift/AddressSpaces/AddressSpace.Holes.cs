using PageShift.Mappings;
using PageShift.Translation;

namespace PageShift;

/// <summary>Holes in an object (MADV_REMOVE) as the other spaces that show it see them: their leaves go too, as on Linux. A space's lock is never held while another's is taken; so
/// this comes after the call's own work, when the pages are zero already and only their leaves are left.</summary>
public sealed partial class AddressSpace
{
    // Guarded by the mapping lock, exclusively. What the running call has punched; null for nothing.
    private List<PunchedHole>? _punchedHoles;

    /// <summary>True once the space has been disposed. Read without a lock it may be late, never wrong.</summary>
    internal bool IsDisposed => _disposed;

    private void NotePunchedHole(in PunchedHole hole) => (_punchedHoles ??= []).Add(hole);

    private List<PunchedHole>? TakePunchedHoles()
    {
        List<PunchedHole>? holes = _punchedHoles;
        _punchedHoles = null;
        return holes;
    }

    /// <summary>Unmaps holes in the other spaces that show their objects. No lock is held.</summary>
    private void UnmapElsewhere(List<PunchedHole>? holes)
    {
        if (holes is null)
            return;
        foreach (PunchedHole hole in holes)
        {
            foreach (AddressSpace space in hole.Object.Spaces())
            {
                if (space != this)
                    space.Unmap(hole);
            }

            // What was mapped elsewhere was zeroed and kept; now it can go. (An object with a reader keeps its zeroes, so that this can't fail.)
            _ = hole.Object.TryPunchHole(hole.First, hole.Count);
        }
    }

    private void Unmap(in PunchedHole hole)
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (!_disposed)
            UnmapObjectPages(hole.Object, hole.First, hole.Count);
    }

    /// <summary>Pages of an object that were made zero.</summary>
    private readonly record struct PunchedHole(MemoryObject Object, PageCount First, PageCount Count);
}
