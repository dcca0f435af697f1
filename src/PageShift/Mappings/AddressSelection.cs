using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>Chooses the address of a new range as Linux 6.18 does on x86-64 (docs/linux-rules.md section 2), or congruent to
/// another range. Stateless; the tree's lock rules apply.</summary>
/// <remarks>
/// Linux, in this order; the first that fits is taken:
/// <list type="number">
/// <item>The hint, when the range lies free there and clear of the guard gap above. (The guard gap of what it lies
/// in counts; a neighbour below is not looked at.)</item>
/// <item>The highest gap in [Minimum, MmapBase), the range at its top; what lies in the guard gap of a mapping is
/// passed over once the gap right below it was tried.</item>
/// <item>The lowest gap in [BottomUpBase, WindowEnd), the range at its bottom.</item>
/// </list>
/// With MAP_32BIT: the hint below 2 GiB, then the lowest gap in [1 GiB, 2 GiB). Linux starts that at a random page of
/// the first 32 MiB on each call; here, as with randomisation off, it is always the first.
/// For large pages the same is done for a range that is one span longer, and the result rounded up in it.
/// </remarks>
internal static class AddressSelection
{
    private const ulong LowWindowStart = 1UL << 30;
    private const ulong LowWindowEnd = 1UL << 31;

    /// <summary>The hint of an mmap call without MAP_FIXED as the search sees it: rounded down to a page, and raised
    /// to the layout's minimum unless that left 0.</summary>
    public static VirtualAddress RoundHint(VirtualAddress hint, in AddressLayout layout)
    {
        VirtualAddress page = hint.PageStart;
        return page != VirtualAddress.Zero && page < layout.Minimum ? layout.Minimum : page;
    }

    /// <summary>The address that Linux chooses.</summary>
    /// <returns>The address, or null when there is no room (ENOMEM).</returns>
    public static VirtualAddress? Choose(MappingTree tree, in AddressLayout layout, in AddressRequest request)
    {
        if (request.Length > layout.UserSpace)
            return null;
        return ChooseForLargePages(tree, layout, request) ?? ChoosePlain(tree, layout, request);
    }

    /// <summary>The highest free range below the layout's mmap base, or failing that below its window's end, that is
    /// congruent to <paramref name="congruentTo"/> modulo <paramref name="span"/>. For a move that is to take whole
    /// entries at both ends, ask for the range rounded out to whole spans: then those entries are clear too.</summary>
    /// <param name="tree">What is mapped.</param>
    /// <param name="layout">The limits.</param>
    /// <param name="length">The bytes, some whole pages.</param>
    /// <param name="congruentTo">The other range's address, page aligned.</param>
    /// <param name="span">What an entry covers: a power of two, at least a page.</param>
    /// <returns>The address, or null when no congruent range is free.</returns>
    public static VirtualAddress? ChooseCongruent(
        MappingTree tree, in AddressLayout layout, ByteLength length, VirtualAddress congruentTo, ByteLength span)
    {
        ByteLength residue = congruentTo.OffsetIn(span);
        return tree.FindCongruentGap(length, layout.Minimum, layout.MmapBase, residue, span)
            ?? tree.FindCongruentGap(length, layout.MmapBase, layout.WindowEnd, residue, span);
    }

    // Linux's THP alignment: an exact hole is not used, as the padded range does not fit it.
    private static VirtualAddress? ChooseForLargePages(
        MappingTree tree, in AddressLayout layout, in AddressRequest request)
    {
        if (!WantsLargePages(layout, request))
            return null;
        ByteLength span = layout.LargePageSpan;
        AddressRequest padded = request with { Length = request.Length + span };
        if (padded.Length > layout.UserSpace)
            return null;
        if (ChoosePlain(tree, layout, padded) is not { } place)
            return null;
        if (place == request.Hint)
            return place;
        var offset = new VirtualAddress(request.Alignment == LargePageAlignment.File ? request.FileOffset : 0);
        ByteLength up = (offset - place).OffsetIn(span);
        return place + (up == ByteLength.Zero ? span : up);
    }

    private static bool WantsLargePages(in AddressLayout layout, in AddressRequest request)
    {
        ByteLength span = layout.LargePageSpan;
        if (span == ByteLength.Zero)
            return false;
        switch (request.Alignment)
        {
            case LargePageAlignment.Anonymous:
                return request.Hint == VirtualAddress.Zero && request.Length.IsMultipleOf(span);
            case LargePageAlignment.File:
                ulong aligned = unchecked(request.FileOffset + (span.Value - 1)) & ~(span.Value - 1); // what wraps has no whole span
                ulong end = unchecked(request.FileOffset + request.Length.Value);
                return end > aligned && end - aligned >= span.Value;
            default:
                return false;
        }
    }

    private static VirtualAddress? ChoosePlain(MappingTree tree, in AddressLayout layout, in AddressRequest request)
    {
        if (request.Below2GiB)
            return ChooseBottomUp(tree, layout, request);
        if (request.Hint != VirtualAddress.Zero
            && StaysOnOneSide(request, layout)
            && IsFree(tree, request.Hint, request.Length, layout.Limit))
            return request.Hint;

        // A hint above the window opens the addresses above it.
        ByteLength opened = request.Hint > layout.WindowEnd ? layout.Limit - layout.WindowEnd : ByteLength.Zero;
        return tree.FindGapTopDown(request.Length, layout.Minimum, layout.MmapBase + opened)
            ?? ChooseBottomUp(tree, layout, request);
    }

    private static VirtualAddress? ChooseBottomUp(
        MappingTree tree, in AddressLayout layout, in AddressRequest request)
    {
        (VirtualAddress start, VirtualAddress end) = (layout.BottomUpBase, layout.WindowEnd);
        if (request.Below2GiB)
            (start, end) = (new VirtualAddress(LowWindowStart), VirtualAddress.Min(new VirtualAddress(LowWindowEnd), layout.Limit));
        else if (request.Hint > layout.WindowEnd)
            end = layout.Limit;
        if (request.Hint != VirtualAddress.Zero && IsFree(tree, request.Hint, request.Length, end))
            return request.Hint;
        return tree.FindGapBottomUp(request.Length, start, end);
    }

    // With five levels a range lies wholly below the window's end or wholly above.
    private static bool StaysOnOneSide(in AddressRequest request, in AddressLayout layout) =>
        request.Length <= layout.UserSpace
        && request.Hint <= layout.Limit - request.Length
        && request.Hint > layout.WindowEnd == request.Hint + request.Length > layout.WindowEnd;

    private static bool IsFree(MappingTree tree, VirtualAddress start, ByteLength length, VirtualAddress limit)
    {
        if (length > limit - VirtualAddress.Zero || start > limit - length)
            return false;
        MappingHandle above = tree.FindFirstEndingAbove(start);
        return above.IsNone || start + length <= tree.GuardedStartOf(above);
    }
}
