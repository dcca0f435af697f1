using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>A leaf of a space, apart from where its frames are.</summary>
internal readonly record struct Leaf(VirtualAddress Start, PageTableLevel Level, PageTableEntry Entry);

/// <summary>Compares, page by page, what two policies left of the same calls.</summary>
/// <remarks>
/// <para>Of a large leaf that one policy moved whole, another may have had to make small ones: the stack move of older releases finds an empty table in the slot that it is to go to. The translations
/// are the same then, but the processor keeps accessed and dirty bits for each leaf.</para>
/// <para>Where a program asks for large pages, an empty table that one policy leaves and another does not decides whether a fault brings in one page or a whole block (on Linux as here). What
/// only one side has must then hold zeroes, as the fault that is still to come on the other would bring, and whether a page is written in place or copied first may differ.</para>
/// </remarks>
internal sealed class LeafComparison(PagingGeometry geometry, PhysicalMemory leftMemory, PhysicalMemory rightMemory, bool hasLargePages)
{
    private const ulong UsageBits = PageTableEntry.AccessedBit | PageTableEntry.DirtyBit;

    /// <summary>Compares the leaves of two spaces, in ascending order.</summary>
    /// <exception cref="OracleMismatchException">They differ.</exception>
    internal void Compare(IReadOnlyList<Leaf> left, IReadOnlyList<Leaf> right)
    {
        ulong from = 0;
        for (int l = 0, r = 0; l < left.Count || r < right.Count;)
        {
            Leaf? one = l < left.Count ? left[l] : null, other = r < right.Count ? right[r] : null;
            ulong leftStart = Math.Max(from, one?.Start.Value ?? ulong.MaxValue), rightStart = Math.Max(from, other?.Start.Value ?? ulong.MaxValue);
            from = Math.Min(leftStart, rightStart);
            ulong end = Math.Min(leftStart == from ? EndOf(one!.Value) : leftStart, rightStart == from ? EndOf(other!.Value) : rightStart);
            bool areAlike = leftStart == rightStart
                ? AreAlike(one!.Value, other!.Value, from, end)
                : leftStart == from ? MayBeAlone(leftMemory, one!.Value, from, end) : MayBeAlone(rightMemory, other!.Value, from, end);
            if (!areAlike)
                throw new OracleMismatchException($"From 0x{from:x} to 0x{end:x}, leaf {l} is {one} and leaf {r} is {other}.");
            from = end;
            l += one is { } ended && EndOf(ended) == end ? 1 : 0;
            r += other is { } otherEnded && EndOf(otherEnded) == end ? 1 : 0;
        }
    }

    private ulong EndOf(in Leaf leaf) => leaf.Start.Value + geometry.Span(leaf.Level).Value;

    private bool AreAlike(in Leaf left, in Leaf right, ulong from, ulong end)
    {
        ulong ignored = PageTableEntry.FrameMask;
        if (left.Level != right.Level)
            ignored |= PageTableEntry.LargeBit | UsageBits;
        if (hasLargePages && left.Entry.IsMapped)
            ignored |= UsageBits | PageTableEntry.WritableBit;
        if (left.Entry.Without(ignored) != right.Entry.Without(ignored))
            return false;
        for (ulong at = from; at < end && left.Entry.IsMapped; at += PageSize.Bytes)
        {
            if (!leftMemory.Bytes(FrameAt(left, at)).SequenceEqual(rightMemory.Bytes(FrameAt(right, at))))
                return false;
        }

        return true;
    }

    private bool MayBeAlone(PhysicalMemory memory, in Leaf leaf, ulong from, ulong end)
    {
        if (!hasLargePages || !leaf.Entry.IsMapped)
            return false;
        for (ulong at = from; at < end; at += PageSize.Bytes)
        {
            if (memory.Bytes(FrameAt(leaf, at)).ContainsAnyExcept((byte)0))
                return false;
        }

        return true;
    }

    private static FrameNumber FrameAt(in Leaf leaf, ulong address) => new(leaf.Entry.Frame.Value + ((address - leaf.Start.Value) >> PageSize.Shift));
}
