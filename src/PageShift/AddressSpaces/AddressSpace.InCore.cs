using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>mincore: tells which pages of a range are in memory.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="vector">Gets 1 or 0 for each page: whether an anonymous page is present (also without any access), or an object's page is in memory,
    /// mapped here or not.</param>
    /// <returns>0, or EINVAL (unaligned), ENOMEM (a hole, or beyond the user limit). The vector is filled up to the hole.</returns>
    /// <exception cref="ArgumentException"><paramref name="vector"/> is shorter than the range's pages.</exception>
    /// <remarks>Thread-safe.</remarks>
    public CallResult InCore(VirtualAddress start, ByteLength length, Span<byte> vector)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        if (CheckInCore(start.Value, length.Value) is var error and not Errno.None)
            return error;
        if ((ulong)vector.Length < PageSize.RoundUpWrapping(length.Value) >> PageSize.Shift)
            throw new ArgumentException("The vector has less than a byte for each page.", nameof(vector));
        var range = new AddressRange(start, new ByteLength(PageSize.RoundUpWrapping(length.Value)));
        for (VirtualAddress at = range.Start; at < range.End;)
        {
            int pages = InCoreRun(new AddressRange(at, range.End), vector);
            if (pages == 0)
                return Errno.OutOfMemory;
            vector = vector[pages..];
            at += ByteLength.FromPages(new PageCount((ulong)pages));
        }

        return CallResult.Success;
    }

    /// <summary>mincore whose vector lies in this space. It is filled a table's worth of pages at a time: what stands before a hole or a bad address stays.</summary>
    internal CallResult InCoreThrough(ulong start, ulong length, ulong vector)
    {
        if (CheckInCore(start, length) is var error and not Errno.None)
            return error;
        var range = new AddressRange(new VirtualAddress(start), new ByteLength(PageSize.RoundUpWrapping(length)));
        ulong limit = Geometry.UserLimit.Value;
        if (vector > limit || range.Length.WholePages.Value > limit - vector)
            return Errno.BadAddress;
        Span<byte> run = stackalloc byte[(int)PageSize.Bytes];
        for (VirtualAddress at = range.Start; at < range.End;)
        {
            int pages = InCoreRun(new AddressRange(at, range.End), run);
            if (pages == 0)
                return Errno.OutOfMemory;
            if (!TryCopyOut(new VirtualAddress(vector), run[..pages]))
                return Errno.BadAddress;
            vector += (ulong)pages;
            at += ByteLength.FromPages(new PageCount((ulong)pages));
        }

        return CallResult.Success;
    }

    /// <summary>Writes bytes to user memory, as the kernel does when it returns a result there: by faults as a program's, which also extend a stack, up to the first page that
    /// can't be written. False when there is such a page. Bytes-free memory is faulted in only. The mapping lock is held exclusively.</summary>
    private bool TryCopyOut(VirtualAddress destination, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            VirtualAddress page = destination.PageStart;
            if (_faults.ResolveFault(page, AccessKind.Write, isExclusive: true).Fault != AccessFault.None)
                return false;
            int offset = (int)destination.OffsetInPage;
            int count = Math.Min(source.Length, (int)PageSize.Bytes - offset);
            PageTableWalk walk = _tables.Walk(destination);
            _tables.SetBits(walk.Table, walk.Index, PageTableEntry.AccessedBit | PageTableEntry.DirtyBit);
            if (!Memory.IsBytesFree)
            {
                PageCount within = page.OffsetIn(Geometry.Span(walk.Level)).WholePages;
                source[..count].CopyTo(Memory.Bytes(walk.Entry.Frame + within)[offset..]);
            }

            source = source[count..];
            destination += new ByteLength((ulong)count);
        }

        return true;
    }

    private Errno CheckInCore(ulong start, ulong length)
    {
        if ((start & (PageSize.Bytes - 1)) != 0)
            return Errno.InvalidArgument;
        return start > Geometry.UserLimit.Value || length > Geometry.UserLimit.Value - start ? Errno.OutOfMemory : Errno.None;
    }

    /// <summary>Fills <paramref name="vector"/> for the pages from the range's start to the end of the mapping there, of the range, or of the vector.
    /// Returns how many; 0 when nothing is mapped at the start.</summary>
    private int InCoreRun(AddressRange range, Span<byte> vector)
    {
        MappingHandle handle = _mappings.Find(range.Start);
        if (handle.IsNone)
            return 0;
        Mapping mapping = _mappings[handle];
        ulong wanted = (VirtualAddress.Min(mapping.End, range.End) - range.Start).WholePages.Value;
        int pages = (int)Math.Min(wanted, (ulong)vector.Length);
        vector = vector[..pages];
        if (mapping.File is { } file && file.Object.Kind != MemoryObjectKind.ZeroDevice)
        {
            ulong first = mapping.PageOffsetAt(range.Start).Value;
            for (int i = 0; i < pages; i++)
                vector[i] = file.Object.Holds(first + (ulong)i) ? (byte)1 : (byte)0;
        }
        else
        {
            vector.Clear();
        }

        var cursor = new PageTableCursor(_tables, new AddressRange(range.Start, ByteLength.FromPages(new PageCount((ulong)pages))));
        while (cursor.MoveToNextLeaf())
        {
            if (!cursor.Entry.IsMapped)
                continue; // a guard page tells nothing: what the object has in memory counts
            AddressRange covered = cursor.Covered;
            vector.Slice((int)(covered.Start - range.Start).WholePages.Value, (int)covered.Length.WholePages.Value).Fill(1);
        }

        return pages;
    }
}
