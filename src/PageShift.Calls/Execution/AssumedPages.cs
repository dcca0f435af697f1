using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>
/// Pages of a space that are taken to be present, and that nothing has looked at yet. They are kept as ranges, and made present before a call that looks at single pages: so a log of
/// terabytes that are mapped, and not moved, takes no page tables of gigabytes.
/// </summary>
/// <remarks>
/// A move looks at all pages of the 1 GiB blocks that its source and its destination touch. Of all others it matters only which tables there are, and where the first page in
/// a block is: for them a page at both ends and one in each block are enough. The same holds for what is unmapped, as Linux keeps tables that reach beyond it.
/// </remarks>
internal sealed class AssumedPages(AddressSpace space)
{
    private readonly AddressRangeSet _ranges = new();
    private readonly List<Mapping> _mappings = [];
    private readonly ByteLength _block = space.Geometry.Span(space.Geometry.LargestLeaf);
    private CallRanges _taken; // what the call that is under way takes away, if it succeeds

    /// <summary>True when there are none.</summary>
    internal bool IsEmpty => _ranges.IsEmpty;

    /// <summary>Takes the pages of a range to be present, which lies in one mapping.</summary>
    internal void Add(AddressRange range)
    {
        space.MarkPrivate(range.Start); // as its first page does
        _ranges.Add(range);
    }

    /// <summary>Forgets all.</summary>
    internal void Clear() => _ranges.Clear();

    /// <summary>Makes all of them present.</summary>
    internal void MakePresent()
    {
        MakePresent(new AddressRange(VirtualAddress.Zero, space.Geometry.UserLimit));
    }

    /// <summary>Makes present what a call looks at, just before it is made.</summary>
    internal void Prepare(in SystemCall call)
    {
        _taken = default;
        CallArguments a = call.Arguments;
        switch (call.Number)
        {
            case SystemCallNumber.Protect or SystemCallNumber.ProtectWithKey:
            case SystemCallNumber.Advise when LeavesPages((Advice)a.Third):
            case SystemCallNumber.Remap when OnlyGrows(a):
                break;
            case SystemCallNumber.Map or SystemCallNumber.Unmap:
            case SystemCallNumber.Advise when (Advice)a.Third == Advice.DontNeed && IsOfOneMapping(call.Description!.Presupposed(a)):
                Take(call.Description!.RangesBefore(a, space.BreakStart));
                break;
            case SystemCallNumber.Break:
                Take(Given(a.First));
                break;
            case SystemCallNumber.Remap when ((RemapFlags)a.Fourth).HasFlag(RemapFlags.Fixed) || !call.Description!.MayMove(a):
                MakeTables(new AddressRange(VirtualAddress.Zero, space.Geometry.UserLimit));
                foreach (AddressRange range in call.Description!.RangesBefore(a, space.BreakStart))
                    MakePresent(Around(range, _block));
                break;
            case var _ when call.Description is RangeCall description:
                MakePresent(description.Presupposed(a));
                break;
            default:
                MakePresent(); // a call that is rare, or a move whose destination is not known yet
                break;
        }
    }

    /// <summary>Forgets what a call has taken away.</summary>
    internal void Settle(in SystemCall call, CallResult result)
    {
        bool isDone = call.Number switch
        {
            SystemCallNumber.Break => (ulong)result.Raw == call.Arguments.First,
            SystemCallNumber.Advise => result.Error is Errno.None or Errno.OutOfMemory, // with holes it goes on, and fails at its end
            _ => !result.IsError,
        };
        if (!isDone)
            return;
        foreach (AddressRange range in _taken)
            Remove(range);
    }

    private static bool LeavesPages(Advice advice) => advice is Advice.Normal or Advice.Random or Advice.Sequential or Advice.WillNeed
        or Advice.HugePage or Advice.NoHugePage or Advice.DontDump or Advice.DoDump or Advice.DontFork or Advice.DoFork;

    /// <summary>True for an mremap that grows a mapping in place, or fails.</summary>
    private static bool OnlyGrows(CallArguments a) => ((RemapFlags)a.Fourth & (RemapFlags.MayMove | RemapFlags.Fixed)) == 0 && a.Second != 0 && a.Third >= a.Second;

    /// <summary>True when a call on a range does all of its work or nothing: with several mappings it may fail at the second.</summary>
    private bool IsOfOneMapping(AddressRange range)
    {
        _mappings.Clear();
        space.CopyMappings(range, _mappings);
        return _mappings.Count <= 1;
    }

    /// <summary>What brk gives back when it sets the break to <paramref name="end"/>.</summary>
    private CallRanges Given(ulong end)
    {
        ulong old = (ulong)space.Break(VirtualAddress.Zero).Raw;
        return end < space.BreakStart.Value || end >= old ? default : new CallRanges(CallRanges.Of(end, old - end));
    }

    /// <summary>Notes what a call will take away.</summary>
    private void Take(CallRanges ranges)
    {
        _taken = ranges;
        foreach (AddressRange range in ranges)
            MakeTablesAround(range);
    }

    /// <summary>The same for a range and what shares a table with it: the table stays, with the pages that are in it.</summary>
    private void MakeTablesAround(AddressRange range)
    {
        AddressRange around = Around(range, _block);
        MakeTables(around);
        ByteLength span = space.Geometry.Span(PageTableLevel.Pmd);
        MakePresent(Around(new AddressRange(range.Start, PageSize.Length), span));
        MakePresent(Around(new AddressRange(range.End.PageStart, PageSize.Length), span));
        if (_ranges.LastBelow(around.Start) is { IsEmpty: false } below)
            space.MarkPresent(new AddressRange(below.End - PageSize.Length, PageSize.Length));
        if (_ranges.FirstFrom(around.End) is { IsEmpty: false } above)
            space.MarkPresent(new AddressRange(above.Start, PageSize.Length));
    }

    private static AddressRange Around(AddressRange range, ByteLength span) => new(range.Start.AlignDown(span), range.End.AlignUp(span));

    /// <summary>Forgets what lies in a range, of which the whole pages that it touches are gone.</summary>
    internal void Remove(AddressRange range) => _ranges.Remove(WholePages(range));

    /// <summary>Makes present what lies in a range, of whole pages.</summary>
    private void MakePresent(AddressRange range)
    {
        foreach (AddressRange assumed in _ranges.Overlapping(range))
            space.MarkPresent(assumed.Intersect(range));
        _ranges.Remove(range);
    }

    /// <summary>Lets the tables be there that a range has: makes a page present at both its ends, and in each block.</summary>
    private void MakeTables(AddressRange range)
    {
        range = WholePages(range);
        foreach (AddressRange assumed in _ranges.Overlapping(range))
        {
            AddressRange part = assumed.Intersect(range);
            for (VirtualAddress page = part.Start; page < part.End; page = (page + new ByteLength(1)).AlignUp(_block))
                space.MarkPresent(new AddressRange(page, PageSize.Length));
            space.MarkPresent(new AddressRange(part.End - PageSize.Length, PageSize.Length));
        }
    }

    private static AddressRange WholePages(AddressRange range) => new(range.Start.PageStart, range.End.AlignUp(PageSize.Length));
}
