using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>Checks every invariant that this space can tell by itself: mappings in order and balanced, live counts true, no empty table, no table reached twice, no leaf outside a
    /// mapping or with more access than its mapping, frames referenced at least as often as leaves map them, no TLB that remembers what the tables do not hold, page
    /// counts true. For tests: it visits everything.</summary>
    /// <exception cref="InvalidOperationException">An invariant does not hold; the message says which, and where.</exception>
    public void Verify() => Verify([]);

    /// <summary>Checks each space, and then what only all of them together can tell: each frame's reference count equals the leaves that map it plus the object that holds it, and no
    /// frame is lost.</summary>
    /// <param name="spaces">All spaces on one physical memory.</param>
    /// <param name="objects">All memory objects on it that no mapping shows, no descriptor is open on and no segment is; the others are found.</param>
    /// <exception cref="ArgumentException">There is no space, or not all are on one physical memory.</exception>
    /// <exception cref="InvalidOperationException">An invariant does not hold; the message says which, and where.</exception>
    internal static void VerifyAll(IReadOnlyCollection<AddressSpace> spaces, IReadOnlyCollection<MemoryObject> objects)
    {
        ArgumentNullException.ThrowIfNull(spaces);
        ArgumentNullException.ThrowIfNull(objects);
        PhysicalMemory? physical = spaces.FirstOrDefault()?.Memory;
        if (physical is null || spaces.Any(space => space.Memory != physical) || objects.Any(memory => memory.Memory != physical))
            throw new ArgumentException("The spaces and objects are not all on one physical memory, or there is no space.", nameof(spaces));
        var references = new Dictionary<ulong, uint>();
        var shown = new HashSet<MemoryObject>(objects);
        ulong tables = 0;
        foreach (AddressSpace space in spaces)
        {
            tables += space.Verify(references);
            foreach (Mapping mapping in space.GetMappings())
            {
                if (mapping.File is { } file)
                    shown.Add(file.Object);
            }

            foreach ((_, OpenFile file) in space.Descriptors.Files)
                shown.Add(file.Object);
            shown.UnionWith(space.Segments.Objects);
        }

        foreach (MemoryObject memory in shown)
            tables += memory.CountReferences(references);
        foreach ((ulong frame, uint count) in references)
        {
            if (physical.References(new FrameNumber(frame)) != count)
                throw new InvalidOperationException($"Frame #{frame:x} counts {physical.References(new FrameNumber(frame))} references but has {count}.");
        }

        if (physical.DataFrames != (ulong)references.Count)
            throw new InvalidOperationException($"{physical.DataFrames} frames of data are allocated, but {references.Count} can be reached.");
        if (physical.TableFrames != tables)
            throw new InvalidOperationException($"{physical.TableFrames} tables are allocated, but {tables} can be reached.");
    }

    private ulong Verify(Dictionary<ulong, uint> references)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        _mappings.Verify();
        ulong tables = _tables.Verify();
        var cursor = new PageTableCursor(_tables, new AddressRange(VirtualAddress.Zero, Geometry.UserLimit));
        while (cursor.MoveToNextLeaf())
            VerifyLeaf(cursor, references);
        foreach ((ulong frame, uint count) in references)
        {
            if (Memory.References(new FrameNumber(frame)) < count)
                throw new InvalidOperationException($"Frame #{frame:x} counts {Memory.References(new FrameNumber(frame))} references but leaves map it {count} times.");
        }

        _processors.Verify();
        VerifyPageCounts();
        return tables;
    }

    private void VerifyPageCounts()
    {
        PageCount total = default;
        PageCount data = default;
        for (MappingHandle handle = _mappings.First; handle.Exists; handle = _mappings.Next(handle))
        {
            PageCount pages = _mappings.RangeOf(handle).Length.WholePages;
            total += pages;
            if (PageAccounts.IsData(_mappings.FlagsOf(handle)))
                data += pages;
        }

        if (total != _accounts.Total || data != _accounts.Data)
            throw new InvalidOperationException($"Counted are {_accounts.Total} pages, {_accounts.Data} of them data; mapped are {total} and {data}.");
    }

    private void VerifyLeaf(in PageTableCursor cursor, Dictionary<ulong, uint> references)
    {
        PageTableEntry entry = cursor.Entry;
        MappingHandle handle = _mappings.Find(cursor.SlotStart);
        if (handle.IsNone || !_mappings.RangeOf(handle).Contains(cursor.Slot))
            throw new InvalidOperationException($"The {cursor.Level} entry at {cursor.SlotStart} ({entry}) lies outside every mapping.");
        if (entry.IsMarker)
            return;
        VmFlags flags = _mappings.FlagsOf(handle);
        bool exceeds = (entry.IsPresent && (flags & VmFlags.AccessMask) == 0)
            || (entry.IsPresent && entry.IsWritable && !flags.Has(VmFlags.Write))
            || (entry.IsPresent && !entry.IsNoExecute && !flags.Has(VmFlags.Execute))
            || (entry.IsPresent && entry.IsExecuteOnly != flags.Has(VmFlags.ExecuteOnly));
        if (exceeds)
            throw new InvalidOperationException($"The {cursor.Level} entry at {cursor.SlotStart} ({entry}) allows more than its mapping ({flags}).");
        for (ulong i = 0; i < Geometry.FramesPerLeaf(cursor.Level); i++)
        {
            FrameNumber frame = entry.Frame + i;
            if (!Memory.IsZeroPage(frame))
                references[frame.Value] = references.GetValueOrDefault(frame.Value) + 1;
        }
    }
}
