using System.Numerics;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

// What a fault does, by the entry that the walk ended at (after the mapping was found to allow the access):
//
//   entry          read                                    write
//   none           anonymous: the zero page, read-only     private anonymous: a zeroed frame of its own
//                  object: its frame, read-only, and its   private object: a frame of its own, copied
//                  neighbours in memory (fault-around)     shared: the object's frame, writable
//   zero page      -                                       a zeroed frame of its own                 exclusive
//   read-only      -                                       shared, or the only reference: writable
//                                                          else: a copy                              exclusive
//   none, and the range is registered with a userfaultfd: BeyondObject, as nobody serves it; but an object's page that is in memory is no missing page
//   guard          GuardPage                               GuardPage
//   other marker   BeyondObject                            BeyondObject
//
// "Exclusive" replaces a translation that another processor's TLB may hold. It and the growth of a stack need the mapping lock exclusively; all else runs under that lock
// shared plus the fault lock, as it only fills empty slots and adds bits to leaves. An object's page is brought in before the fault lock is taken.
// Sources: docs/linux-rules.md sections 3 and 9; errors as the kernel's x86 fault handler reports them, checked on Linux 6.18.
/// <summary>Brings in pages that accesses miss, and makes leaves writable or private that writes ask it for.</summary>
internal sealed class FaultHandler(SpaceState state, LeafPages pages) : IFaultResolver
{
    private readonly SpaceState _state = state;
    private readonly MappingLock _lock = state.Lock;
    private readonly MappingTree _mappings = state.Mappings;
    private readonly PageTableTree _tables = state.Tables;
    private readonly PhysicalMemory _memory = state.Memory;
    private readonly PagingGeometry _geometry = state.Options.Geometry;
    private readonly LeafPages _pages = pages;
    private readonly LargePageFaults _largePages = new(state, pages);
    private readonly StackGrowth _stacks = new(state);
    private AdaptiveLock _faultLock;

    AccessFault IFaultResolver.ResolveFault(VirtualAddress address, AccessKind access, MappingLock.ReaderFlag reader)
    {
        FaultResult result = ResolveFault(address, access, isExclusive: false);
        if (!result.NeedsExclusive)
            return result.Fault;

        _lock.ExitShared(reader);
        reader.Releases++;
        try
        {
            using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
            // Whoever had the lock meanwhile may have ended the space, or its memory: then there are no tables.
            return _state.IsEnded ? AccessFault.NotMapped : ResolveFault(address, access, isExclusive: true).Fault;
        }
        finally
        {
            _lock.EnterShared(reader);
        }
    }

    /// <summary>Brings in the page of <paramref name="address"/>, or upgrades its leaf for a write. The mapping lock is held, exclusively or shared.</summary>
    internal FaultResult ResolveFault(VirtualAddress address, AccessKind access, bool isExclusive)
    {
        bool isWrite = access == AccessKind.Write;
        VirtualAddress page = address.PageStart;
        MappingHandle handle = _mappings.Find(page);
        if (handle.IsNone)
        {
            handle = _mappings.FindFirstEndingAbove(page);
            if (handle.IsNone || (_mappings.FlagsOf(handle) & VmFlags.GrowsDown) == 0)
                return AccessFault.NotMapped;
            if (!isExclusive)
                return FaultResult.Escalate;
            if (!_stacks.TryGrowDown(handle, page))
                return AccessFault.NotMapped;
        }

        Mapping mapping = _mappings[handle];
        VmFlags needed = isWrite ? VmFlags.Write : VmFlags.AccessMask; // a read of anything accessible succeeds, as on x86
        if ((mapping.Flags & needed) == 0 || (mapping.Flags.Has(VmFlags.ExecuteOnly) && access != AccessKind.Execute))
            return AccessFault.NotPermitted;
        var fault = new PageFault(handle, mapping, page, isWrite, isExclusive);
        if (fault.IsOfObject && _tables.Walk(page) is { Entry.IsNone: true } seen)
            return FaultObjectPage(fault, seen);
        using (_faultLock.Enter())
            return ResolveFault(fault);
    }

    /// <summary>The same where the page is no object's, or has an entry, which stays while the mapping lock is held. The fault lock is held.</summary>
    private FaultResult ResolveFault(in PageFault fault)
    {
        PageTableWalk walk = _tables.Walk(fault.Page);
        PageTableEntry entry = walk.Entry;
        if (entry.IsNone)
            return FaultAnonymousPage(fault, walk);
        if (entry.IsGuard)
            return AccessFault.GuardPage;
        if (entry.IsMarker)
            return AccessFault.BeyondObject;
        if (!entry.IsPresent)
            throw new InvalidOperationException($"The mapping at {fault.Page} allows access, but its leaf does not: {entry}.");
        return fault.IsWrite && !entry.IsWritable
            ? FaultReadOnlyPage(fault, walk)
            : AccessFault.None; // another processor was faster
    }

    private AccessFault FaultAnonymousPage(in PageFault fault, in PageTableWalk walk)
    {
        if (_state.IsUnserved(fault.Mapping.Flags))
            return MissPage(fault, mayBeLarge: _largePages.MayFault(fault, walk));
        if (_largePages.TryFault(fault, walk))
            return AccessFault.None;
        var tables = new TableReserve(_memory);
        if (!tables.TryFill((ulong)walk.Level))
            return AccessFault.OutOfMemory;
        FrameNumber frame = FrameNumber.ZeroPage;
        if (fault.IsWrite && !_memory.TryAllocateFrame(zeroed: true, out frame))
        {
            tables.Drain();
            return AccessFault.OutOfMemory;
        }

        if (fault.IsWrite)
            _state.EnsureAnon(fault.Handle);
        _pages.Install(fault.Page, PageTableLevel.Pte, PageTableEntry.Leaf(frame, LeafBits.ForFault(fault.Mapping.Flags, fault.IsWrite)), walk, ref tables);
        return AccessFault.None;
    }

    /// <summary>A page that whoever has the userfaultfd would have to bring in: nobody does. Linux has given a private mapping that is written its identity by then.</summary>
    private AccessFault MissPage(in PageFault fault, bool mayBeLarge)
    {
        if ((fault.IsWrite && !fault.IsShared) || mayBeLarge)
            _state.EnsureAnon(fault.Handle);
        return AccessFault.BeyondObject;
    }

    /// <summary>True when the page of an object is in memory.</summary>
    private bool IsResident(in PageFault fault)
    {
        if (!fault.Mapping.File!.Object.TryGetResidentPage(fault.PageInObject, out FrameNumber frame))
            return false;
        _memory.Release(frame); // the object holds it
        return true;
    }

    /// <summary>Brings in a page of an object. Its reader may be somebody else's code, and slow: the fault lock is taken only when the page is there.</summary>
    private FaultResult FaultObjectPage(in PageFault fault, in PageTableWalk seen)
    {
        if (_state.IsUnserved(fault.Mapping.Flags) && !IsResident(fault))
        {
            using (_faultLock.Enter())
                return MissPage(fault, mayBeLarge: false);
        }

        // The object's page comes last: when something else can't be had, the object has not changed either.
        bool copies = fault.IsWrite && !fault.IsShared;
        var tables = new TableReserve(_memory);
        FrameNumber copy = FrameNumber.None;
        if (!tables.TryFill((ulong)seen.Level) || (copies && !_memory.TryAllocateFrame(zeroed: false, out copy)))
        {
            tables.Drain();
            return AccessFault.OutOfMemory;
        }

        MemoryObject memoryObject = fault.Mapping.File!.Object;
        ObjectPageResult found = ObjectPageResult.OutOfMemory;
        FrameNumber frame = FrameNumber.None;
        try
        {
            found = memoryObject.GetPage(fault.PageInObject, out frame);
        }
        finally
        {
            if (found != ObjectPageResult.Found && copies) // or the object's reader has thrown
                _memory.Release(copy);
            if (found == ObjectPageResult.OutOfMemory)
                tables.Drain();
        }

        if (found == ObjectPageResult.OutOfMemory)
            return AccessFault.OutOfMemory;
        if (found == ObjectPageResult.Found && copies)
        {
            _pages.CopyContent(frame, copy);
            _memory.Release(frame);
            frame = copy;
        }

        var around = default(NeighbourPages);
        if (!fault.IsWrite && fault.Mapping.File is not { CountsMappings: true })
            FindAround(fault, seen, ref around);
        FaultResult result;
        using (_faultLock.Enter())
        {
            result = found == ObjectPageResult.Found ? InstallObjectPage(fault, frame, ref tables) : FaultBeyondObject(fault);
            if (around.Found != 0)
                InstallAround(fault, ref around, ref tables);
        }

        tables.Drain();
        return result;
    }

    private FaultResult InstallObjectPage(in PageFault fault, FrameNumber frame, ref TableReserve tables)
    {
        PageTableWalk walk = _tables.Walk(fault.Page);
        if (!walk.Entry.IsNone)
        {
            _memory.Release(frame); // another processor was faster
            return ResolveFault(fault);
        }

        if (fault.IsWrite && !fault.IsShared)
            _state.EnsureAnon(fault.Handle);
        _pages.Install(fault.Page, PageTableLevel.Pte, PageTableEntry.Leaf(frame, LeafBits.ForFault(fault.Mapping.Flags, fault.IsWrite)), walk, ref tables);
        return AccessFault.None;
    }

    /// <summary>A fault past the end of the object. Linux finds the end last: a read will have mapped what is around, a write has given a private mapping its identity.</summary>
    private AccessFault FaultBeyondObject(in PageFault fault)
    {
        if (fault.IsWrite && !fault.IsShared)
            _state.EnsureAnon(fault.Handle);
        return AccessFault.BeyondObject;
    }

    /// <summary>Finds the pages around a page that is read which are in memory, and have no leaf yet.</summary>
    private void FindAround(in PageFault fault, in PageTableWalk seen, ref NeighbourPages around)
    {
        int index = _geometry.Index(fault.Page, PageTableLevel.Pte);
        (int first, int end) = WindowAround(fault);
        uint wanted = 0;
        for (int i = first; i < end; i++)
        {
            if (i != index && (seen.Level > PageTableLevel.Pte || _memory.Entry(seen.Table, i).IsNone))
                wanted |= 1U << (i - first);
        }

        around.First = first;
        if (wanted != 0)
            around.Found = fault.Mapping.File!.Object.FindResidentPages(fault.PageInObject + (ulong)first - (ulong)index, wanted, around.Frames);
    }

    /// <summary>Maps pages around a page that was just read, or could not be, in tables from <paramref name="tables"/>.</summary>
    private void InstallAround(in PageFault fault, ref NeighbourPages around, ref TableReserve tables)
    {
        ulong bits = LeafBits.ForFault(fault.Mapping.Flags, write: false);
        VirtualAddress start = fault.Page.AlignDown(_geometry.TableSpan(PageTableLevel.Pte));
        bool hasTable = _tables.TryFindTable(fault.Page, PageTableLevel.Pte, out FrameNumber table);
        for (uint rest = around.Found; rest != 0; rest &= rest - 1)
        {
            int i = BitOperations.TrailingZeroCount(rest);
            int index = around.First + i;
            PageTableEntry leaf = PageTableEntry.Leaf(around.Frames[i], bits);
            if (!hasTable)
            {
                VirtualAddress address = start + new ByteLength((ulong)index << PageSize.Shift);
                _pages.Install(address, PageTableLevel.Pte, leaf, _tables.Walk(address), ref tables);
                hasTable = _tables.TryFindTable(address, PageTableLevel.Pte, out table);
            }
            else if (_memory.Entry(table, index).IsNone)
            {
                _tables.Set(table, index, leaf);
            }
            else
            {
                _memory.Release(leaf.Frame); // another processor was faster
            }
        }
    }

    /// <summary>The slots around a fault that a read fills: 16 pages, counted from a 64 KiB boundary or the mapping's start, in the mapping and in the table.</summary>
    private (int First, int End) WindowAround(in PageFault fault)
    {
        const int MostPages = NeighbourPages.Most;
        int index = _geometry.Index(fault.Page, PageTableLevel.Pte);
        ulong pagesBelow = (fault.Page - fault.Mapping.Start).WholePages.Value;
        ulong pagesFrom = (fault.Mapping.End - fault.Page).WholePages.Value;
        int first = Math.Max(index & ~(MostPages - 1), index - (int)Math.Min((ulong)index, pagesBelow));
        int end = (int)Math.Min((ulong)Math.Min(first + MostPages, _geometry.EntriesPerTable), (ulong)index + pagesFrom);
        return (first, end);
    }

    /// <summary>A write to a page whose leaf is read-only although the mapping is writable.</summary>
    private FaultResult FaultReadOnlyPage(in PageFault fault, in PageTableWalk walk)
    {
        if (fault.IsShared || _pages.IsOnlyReference(walk))
        {
            if (!fault.IsShared)
                _state.EnsureAnon(fault.Handle); // it has none yet when the page is one that an object has dropped
            _tables.SetBits(walk.Table, walk.Index, PageTableEntry.WritableBit | PageTableEntry.AccessedBit | PageTableEntry.DirtyBit);
            return AccessFault.None;
        }

        if (!fault.IsExclusive)
            return FaultResult.Escalate;
        if (walk.Level > PageTableLevel.Pte)
            return _largePages.FaultReadOnly(fault, walk);
        return CopyPage(fault, walk);
    }

    private AccessFault CopyPage(in PageFault fault, in PageTableWalk walk)
    {
        if (!_pages.TryCopyFrame(walk.Entry.Frame, out FrameNumber copy))
            return AccessFault.OutOfMemory;
        _pages.ReplacePage(fault, walk, copy);
        return AccessFault.None;
    }
}
