using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Processes;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <content>What the engine's spaces hold, in the kernel's terms.</content>
internal sealed partial class EngineSide
{
    private readonly List<Mapping> _mappings = [];
    private readonly List<LeafSnapshot> _leaves = [];

    /// <inheritdoc/>
    internal override bool Observe(int process, SpaceSnapshot into, bool withFlags)
    {
        into.Mappings.Clear();
        into.Pages.Clear();
        _mappings.Clear();
        _leaves.Clear();
        AddressSpace space = SpaceOf(process)!;
        space.CopyTo(_mappings, _leaves);
        AddressRange host = _surroundings.Kernel.Host;
        foreach (Mapping mapping in _mappings)
        {
            if (!host.Contains(mapping.Range))
                into.Mappings.Add(ObservedMapping.Of(mapping, withFlags ? mapping.Flags & ~_surroundings.HiddenFlags : null));
        }

        int index = 0;
        foreach (LeafSnapshot leaf in _leaves)
        {
            if (host.Contains(leaf.Start))
                continue;
            while (_mappings[index].End <= leaf.Start)
                index++;
            into.AddPages(leaf.Start.Value, (leaf.Start + space.Geometry.Span(leaf.Level)).Value, KindsOf(leaf, _mappings[index], space));
        }

        return true;
    }

    /// <inheritdoc/>
    internal override bool TryReadPresentBytes(int process, VirtualAddress start, Span<byte> bytes)
    {
        PagingGeometry geometry = SpaceOf(process)!.Geometry;
        LeafSnapshot leaf = FindLeaf(start, geometry);
        FrameNumber frame = leaf.Entry.Frame + (ulong)((start - leaf.Start).Value >> PageSize.Shift);
        _memory.Bytes(frame).Slice((int)(start.Value & (PageSize.Bytes - 1)), bytes.Length).CopyTo(bytes);
        return true;
    }

    /// <summary>Loads the same bytes through the processor, whose TLB may remember them. False when the mapping forbids it.</summary>
    internal bool TryLoad(int process, VirtualAddress start, Span<byte> bytes) =>
        Find(process)!.Processor.TryRead(start, bytes, out _) == AccessFault.None;

    /// <summary>Drops the present pages of a range that the kernel does not have, as far as it may reclaim them without swap: lazily freed ones that were not written again, and
    /// droppable memory. The last <see cref="Observe"/> was of the same process.</summary>
    /// <returns>False when there was none.</returns>
    internal bool DropReclaimed(int process, AddressRange range, SpaceSnapshot kernel)
    {
        AddressSpace space = SpaceOf(process)!;
        bool hasDropped = false;
        int index = 0;
        int mapping = 0;
        foreach (LeafSnapshot leaf in _leaves)
        {
            while (_mappings[mapping].End <= leaf.Start)
                mapping++;
            if (!_mappings[mapping].Flags.HasFlag(VmFlags.Droppable) && (leaf.Entry.IsDirty || _memory.IsZeroPage(leaf.Entry.Frame)))
                continue;
            AddressRange pages = new AddressRange(leaf.Start, space.Geometry.Span(leaf.Level)).Intersect(range);
            for (VirtualAddress at = pages.Start; at < pages.End;)
            {
                while (index < kernel.Pages.Count && kernel.Pages[index].Range.End <= at)
                    index++;
                AddressRange next = index < kernel.Pages.Count ? kernel.Pages[index].Range : new AddressRange(pages.End, pages.End);
                VirtualAddress end = next.Start < pages.End ? next.Start : pages.End;
                if (at < end)
                    hasDropped |= space.TryReclaim(new AddressRange(at, end));
                at = next.End;
            }
        }

        return hasDropped;
    }

    /// <summary>Maps the page of zeroes where the kernel does, and the engine has a private page that is zero. The last <see cref="Observe"/> was of the same process.</summary>
    internal void ShareZeroes(int process, SpaceSnapshot own, SpaceSnapshot kernel)
    {
        foreach (PageRun zeroes in kernel.Pages)
        {
            if (!zeroes.Kinds.HasFlag(PageKinds.Zero))
                continue;
            foreach (PageRun run in own.Pages)
            {
                AddressRange both = run.Range.Intersect(zeroes.Range);
                if (!both.IsEmpty && run.Kinds == PageKinds.Present)
                    SpaceOf(process)!.ShareZeroes(both);
            }
        }
    }

    private PageKinds KindsOf(in LeafSnapshot leaf, in Mapping mapping, AddressSpace space)
    {
        if (leaf.Entry.IsMarker)
            return PageKinds.Swapped;
        FrameNumber frame = leaf.Entry.Frame;
        if (_memory.IsZeroPage(frame))
            return PageKinds.Present | PageKinds.Zero;
        if (mapping.File is not { } file || (file.Object.Kind == MemoryObjectKind.ZeroDevice && !mapping.Flags.HasFlag(VmFlags.Shared)))
            return PageKinds.Present;
        return file.Object.Shows(mapping.PageOffsetAt(leaf.Start).Value, frame) ? PageKinds.Present | PageKinds.FileOrShared : PageKinds.Present;
    }

    private LeafSnapshot FindLeaf(VirtualAddress address, PagingGeometry geometry)
    {
        int low = 0;
        int high = _leaves.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_leaves[middle].Start <= address)
                low = middle;
            else
                high = middle - 1;
        }

        LeafSnapshot leaf = _leaves[low];
        if (address < leaf.Start || address >= leaf.Start + geometry.Span(leaf.Level))
            throw new ArgumentException($"No page is present at {address}.", nameof(address));
        return leaf;
    }
}
