using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Tests.ForeignMmu;

/// <summary>The pages of a space that are looked at: all that are there while they are not too many, and those around every boundary.</summary>
internal static class PageChoice
{
    /// <summary>Where more pages than this are there, those at the ends of 2 MiB of frames are looked at, and one in <see cref="Sampling"/> of the others.</summary>
    private const ulong Crowd = 20000;

    private const int Sampling = 256;

    /// <summary>The pages, in random order.</summary>
    internal static List<ulong> Of(AddressSpace space, Random random)
    {
        PagingGeometry geometry = space.Geometry;
        var pages = new HashSet<ulong>(Corners(geometry));
        var leaves = space.GetLeaves(new AddressRange(VirtualAddress.Zero, geometry.UserLimit));
        bool isCrowded = leaves.Aggregate(0UL, (sum, leaf) => sum + geometry.FramesPerLeaf(leaf.Level)) > Crowd;
        foreach ((VirtualAddress start, PageTableLevel level, PageTableEntry entry) in leaves)
        {
            if (!isCrowded || level > PageTableLevel.Pte)
                AddEnds(pages, geometry, start.Value, (start + geometry.Span(level)).Value);
            for (ulong i = 0; i < geometry.FramesPerLeaf(level); i++)
            {
                ulong inBlock = (entry.Frame.Value + i) % geometry.FramesPerLeaf(PageTableLevel.Pmd);
                if (!isCrowded || inBlock == 0 || inBlock == geometry.FramesPerLeaf(PageTableLevel.Pmd) - 1 || random.Next(Sampling) == 0)
                    pages.Add(start.Value + (i << PageSize.Shift));
            }
        }

        foreach (Mapping mapping in space.GetMappings())
            AddAround(pages, geometry, mapping.Start.Value, mapping.Range.Length.Value);
        ulong[] order = [.. pages];
        random.Shuffle(order);
        return [.. order];
    }

    /// <summary>The first and last page of a range and their neighbours, and the same of the blocks of each level in which it begins and ends.</summary>
    private static void AddAround(HashSet<ulong> pages, PagingGeometry geometry, ulong start, ulong length)
    {
        AddEnds(pages, geometry, start, start + length);
        for (PageTableLevel level = PageTableLevel.Pmd; level < geometry.Root; level++)
        {
            ulong span = geometry.Span(level).Value;
            AddEnds(pages, geometry, start & ~(span - 1), (start & ~(span - 1)) + span);
            AddEnds(pages, geometry, (start + length - 1) & ~(span - 1), ((start + length - 1) & ~(span - 1)) + span);
        }
    }

    private static void AddEnds(HashSet<ulong> pages, PagingGeometry geometry, ulong start, ulong end)
    {
        foreach (ulong page in new[] { start, start - PageSize.Bytes, end - PageSize.Bytes, end })
        {
            if (page < geometry.UserLimit.Value)
                pages.Add(page);
        }
    }

    /// <summary>The ends of what can be addressed, the non-canonical addresses between, and the neighbours of the stub's own part.</summary>
    private static IEnumerable<ulong> Corners(PagingGeometry geometry)
    {
        ulong half = 1UL << (geometry.SpanShift(geometry.Root + 1) - 1);
        ulong limit = geometry.UserLimit.Value;
        return [0, PageSize.Bytes, limit - PageSize.Bytes, limit, half, half + PageSize.Bytes, 0x8000_0000_0000_0000, 0 - half - PageSize.Bytes, 0 - half, 0xffff_ffff_7fff_f000];
    }
}
