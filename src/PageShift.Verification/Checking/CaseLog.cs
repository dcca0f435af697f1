using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Verification.Checking;

/// <summary>The calls of a case, written as a log for <c>pageshift run --geometry</c>.</summary>
internal sealed class CaseLog
{
    private readonly StringWriter _text = new(CultureInfo.InvariantCulture);
    private readonly CallLogWriter _writer;

    internal CaseLog(PagingGeometry geometry, MovePolicy policy)
    {
        _writer = new CallLogWriter(_text);
        Comment($"pageshift run --geometry {GeometryName.Of(geometry)} --populate written --policy {MovePolicyName.Of(policy)} FILE");
    }

    public override string ToString() => _text.ToString();

    /// <summary>The log of a move that was made in page tables without an address space: the source is one mapping, and so is what stays in each stretch, with other permissions. A large leaf
    /// is in one mapping with the source when the move cuts it.</summary>
    internal static string Of(CheckWorld world, MovePolicy policy, IReadOnlyList<PopulatedLeaf> leaves, in CheckMove move)
    {
        var log = new CaseLog(world.Geometry, policy);
        int first = move.Old;
        int end = move.Old + move.Length;
        foreach (PopulatedLeaf leaf in leaves)
        {
            int leafEnd = leaf.Page + PagesOf(world, leaf);
            if (leaf.Page < end && leafEnd > move.Old)
                (first, end) = (Math.Min(first, leaf.Page), Math.Max(end, leafEnd));
        }

        // Advice for large pages splits a mapping where it ends: so the whole source gets it, once the single pages are there.
        log.Map(first, end - first, Protection.Read | Protection.Write);
        PopulatedLeaf[] moving = [.. leaves.Where(leaf => leaf.Page >= first && leaf.Page < end)];
        foreach (PopulatedLeaf leaf in moving.Where(leaf => leaf.Level == PageTableLevel.Pte))
            log.Touch(leaf.Page, 1);
        if (moving.Any(leaf => leaf.Level != PageTableLevel.Pte))
            log.AdviseLargePages(first, end - first);
        foreach (PopulatedLeaf leaf in moving.Where(leaf => leaf.Level != PageTableLevel.Pte))
            log.TouchLarge(world, leaf);
        foreach (PopulatedLeaf leaf in leaves.Except(moving))
        {
            log.Map(leaf.Page, PagesOf(world, leaf), Protection.Read | Protection.Write | Protection.Execute);
            if (leaf.Level != PageTableLevel.Pte)
                log.AdviseLargePages(leaf.Page, PagesOf(world, leaf));
            log.TouchLarge(world, leaf);
        }

        log.Add(move, isWholeMapping: end - first == move.Length);
        return log.ToString();
    }

    /// <summary>Adds a comment.</summary>
    internal void Comment(string text) => _text.Write($"# {text}\n");

    /// <summary>mmap of private memory at a fixed place, in pages.</summary>
    internal void Map(int page, int pages, Protection protection)
    {
        const MapFlags Flags = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
        Write(SystemCallNumber.Map, new CallArguments(Bytes(page), Bytes(pages), (ulong)protection, (ulong)Flags, ulong.MaxValue));
    }

    /// <summary>Writes to pages.</summary>
    internal void Touch(int page, int pages) => Write(PseudoCall.MemorySet, new CallArguments(Bytes(page), 1, Bytes(pages)));

    /// <summary>Adds any other call.</summary>
    internal void Write(SystemCallNumber kind, in CallArguments arguments) =>
        _writer.Write(new CallRecord { Kind = CallRecordKind.Call, Call = new SystemCall(kind, arguments), Outcome = CallOutcome.None });

    /// <summary>Bytes of a number of pages.</summary>
    internal static ulong Bytes(int pages) => (ulong)pages << PageSize.Shift;

    private void AdviseLargePages(int page, int pages) => Write(SystemCallNumber.Advise, new CallArguments(Bytes(page), Bytes(pages), (ulong)Advice.HugePage));

    private void TouchLarge(CheckWorld world, in PopulatedLeaf leaf)
    {
        if (leaf.Level > PageTableLevel.Pmd)
            Comment($"in the case that failed, these are one {leaf.Level} leaf, which no call makes");
        Touch(leaf.Page, PagesOf(world, leaf));
    }

    private void Add(in CheckMove move, bool isWholeMapping)
    {
        if (!move.Overlaps)
            Write(SystemCallNumber.Remap, new CallArguments(Bytes(move.Old), Bytes(move.Length), Bytes(move.Length), (ulong)(RemapFlags.MayMove | RemapFlags.Fixed), Bytes(move.New)));
        else if (move.Delta < 0 && isWholeMapping)
            Write(PseudoCall.RelocateDown, new CallArguments(Bytes(move.Old), Bytes(move.Length), Bytes(-move.Delta)));
        else
            Comment(string.Create(CultureInfo.InvariantCulture, $"no call moves pages up onto themselves, or a part of a mapping onto itself: pages {move.Old}-{move.Old + move.Length - 1} move by {move.Delta}"));
    }

    private static int PagesOf(CheckWorld world, in PopulatedLeaf leaf) => 1 << (world.Geometry.IndexBits(PageTableLevel.Pte) * (int)leaf.Level);
}
