using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>The rules of mappings of hugetlbfs, which the engine does not have: a log shows that they are there, and they can be cut at their large pages only.</summary>
/// <remarks>Source: docs/linux-rules.md, section 6, checked on Linux 6.18.</remarks>
internal sealed class LargePageRules(LogProcess process)
{
    private const int SizeShift = 26; // of mmap's flags: the bits above hold the base-2 logarithm of the size

    private readonly AddressRangeSet _larger = new(); // where the pages are those of a PUD; something else may be mapped there by now
    private readonly List<Mapping> _found = [];

    private bool _any;

    private ulong UsualBytes => process.Space.Geometry.Span(PageTableLevel.Pmd).Value;

    private ulong LargerBytes => process.Space.Geometry.Span(PageTableLevel.Pud).Value;

    /// <summary>The bytes of the pages that mmap's flags ask for, as addresses are here.</summary>
    /// <param name="flags">The flags.</param>
    /// <param name="scale">How many bits shorter the addresses are than the log's.</param>
    internal ulong BytesOf(ulong flags, int scale)
    {
        ulong asked = flags >> SizeShift;
        return asked != 0 && asked < 64 && 1UL << (int)asked >> scale == LargerBytes ? LargerBytes : UsualBytes;
    }

    /// <summary>Notes that a range has been mapped with pages of so many bytes.</summary>
    internal void Note(AddressRange range, ulong bytes)
    {
        _any = true;
        _larger.Remove(range);
        if (bytes == LargerBytes)
            _larger.Add(range);
    }

    /// <summary>Takes over what another process has noted.</summary>
    internal void CopyFrom(LargePageRules other)
    {
        _any = other._any;
        _larger.CopyFrom(other._larger);
    }

    /// <summary>The arguments of a call that succeeded, in whole large pages where it counts in them.</summary>
    internal CallArguments Rounded(in SystemCall call)
    {
        CallArguments a = call.Arguments;
        if (!_any || call.Number is not (SystemCallNumber.Remap or SystemCallNumber.Advise) || SpanAt(a.First) is not { } span)
            return a;
        if (call.Number == SystemCallNumber.Remap)
            return a with { Second = PageSize.RoundUpWrapping(a.Second, span), Third = PageSize.RoundUpWrapping(a.Third, span) };
        ulong end = (a.First + a.Second) & ~(span - 1);
        return (Advice)a.Third == Advice.DontNeed && a.Second < span ? a with { Second = end > a.First ? end - a.First : 0 } : a;
    }

    /// <summary>True when a call is EINVAL because of large pages.</summary>
    internal bool Refuse(in SystemCall call)
    {
        if (!_any)
            return false;
        CallArguments a = call.Arguments;
        ulong end = unchecked(a.First + PageSize.RoundUpWrapping(a.Second));
        return call.Number switch
        {
            SystemCallNumber.Protect or SystemCallNumber.ProtectWithKey or SystemCallNumber.Unmap => IsCut(a.First) || IsCut(end),
            SystemCallNumber.Map => (a.Fourth & (ulong)MapFlags.Fixed) != 0 && (IsCut(a.First) || IsCut(end)),
            SystemCallNumber.Remap => RefuseMove(a),
            SystemCallNumber.Advise => RefuseAdvice((Advice)a.Third, a.First, end),
            _ => false,
        };
    }

    // It does not grow, and begins and ends with large pages.
    private bool RefuseMove(in CallArguments a)
    {
        bool isFixed = ((RemapFlags)a.Fourth & RemapFlags.Fixed) != 0;
        if (isFixed && (IsCut(a.Fifth) || IsCut(unchecked(a.Fifth + PageSize.RoundUpWrapping(a.Third)))))
            return true;
        if (SpanAt(a.First) is not { } span)
            return false;
        bool grows = PageSize.RoundUpWrapping(a.Third, span) > PageSize.RoundUpWrapping(a.Second, span);
        return grows || (a.First & (span - 1)) != 0 || (isFixed && (a.Fifth & (span - 1)) != 0);
    }

    private bool RefuseAdvice(Advice advice, ulong start, ulong end) => advice switch
    {
        Advice.Free or Advice.Cold or Advice.PageOut or Advice.Collapse => Touches(start, end),
        Advice.DontNeed => SpanAt(start) is { } span && (start & (span - 1)) != 0,
        _ => IsCut(start) || IsCut(end),
    };

    private bool Touches(ulong start, ulong end)
    {
        _found.Clear();
        process.Space.CopyMappings(CallRanges.Of(start, end - start).Intersect(process.UserSpace), _found);
        return _found.Exists(static mapping => (mapping.Flags & VmFlags.HugeTlb) != 0);
    }

    /// <summary>True when a mapping of large pages has an address inside, at which none of them begins.</summary>
    private bool IsCut(ulong address) => SpanAt(address) is { } span && (address & (span - 1)) != 0;

    /// <summary>The bytes of the large pages that are mapped at an address; null for none.</summary>
    private ulong? SpanAt(ulong address)
    {
        AddressRange page = CallRanges.Of(address & ~(PageSize.Bytes - 1), PageSize.Bytes).Intersect(process.UserSpace);
        if (page.IsEmpty || !Touches(page.Start.Value, page.End.Value))
            return null;
        return _larger.Overlapping(page).IsEmpty ? UsualBytes : LargerBytes;
    }
}
