using PageShift.Abi;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>Makes calls of steps: at and around the boundaries of entries of every level, and at the ends of what is mapped.</summary>
internal sealed class StepResolver
{
    internal const int MemoryDescriptor = 3;
    internal const int FileDescriptor = 4;

    /// <summary>The most pages that one call brings in, so that a random sequence stays quick.</summary>
    private const ulong MostTouched = 1024;

    private static readonly Advice[] Advices =
    [
        Advice.DontNeed, Advice.DontNeed, Advice.DontNeed, Advice.PopulateWrite, Advice.PopulateRead, Advice.GuardInstall, Advice.GuardRemove, Advice.HugePage,
        Advice.HugePage, Advice.HugePage, Advice.HugePage, Advice.NoHugePage, Advice.Remove, Advice.Collapse, Advice.DontFork, Advice.DoFork, Advice.WipeOnFork, Advice.KeepOnFork,
        Advice.Free, Advice.Cold, Advice.DontNeedLocked,
    ];

    private static readonly Protection[] Protections =
    [
        Protection.Read | Protection.Write, Protection.Read | Protection.Write, Protection.Read | Protection.Write, Protection.Read, Protection.None,
        Protection.Write, Protection.Read | Protection.Write | Protection.Execute, Protection.Execute,
    ];

    private readonly ulong _limit;
    private readonly ulong _breakStart;
    private readonly ulong[] _spans;
    private readonly ulong[] _anchors;

    internal StepResolver(PagingGeometry geometry, ulong breakStart)
    {
        _limit = geometry.UserLimit.Value;
        _breakStart = breakStart;
        _spans = [.. Enumerable.Range(0, geometry.Levels).Select(level => geometry.Span((PageTableLevel)level).Value)];
        ulong pud = _spans[Math.Min(2, _spans.Length - 1)];
        ulong[] anchors = geometry.EntriesPerTable == PagingGeometry.X86.EntriesPerTable
            ? [4 * pud, 5 * pud, 4 * pud, 6 * pud, _spans[^1], _spans[^1] + pud, 5 * pud, _limit]
            : [pud, 2 * pud, 3 * pud, _spans[1], 2 * _spans[1], 3 * _spans[1], _spans[^1], _limit];
        _anchors = [.. anchors.Where(at => at <= _limit)];
    }

    /// <summary>The call that <paramref name="step"/> means in a space with <paramref name="mappings"/>; null when it means none.</summary>
    internal ModelCall? Resolve(in ModelStep step, int process, IReadOnlyList<Mapping> mappings, PageOracle oracle)
    {
        ulong at = Place(step.Place, mappings);
        ulong length = Length(step.Length);
        foreach (Mapping mapping in mappings)
        {
            if (mapping.Start.Value == at && (step.Length & 0x8000) != 0)
                length = mapping.Range.Length.Value;
        }

        CallArguments? arguments = step.Kind switch
        {
            SystemCallNumber.Map => Map(step, (step.Place & 4) == 0 ? at : NearBoundary(step.Place >> 3), length),
            SystemCallNumber.Unmap => new CallArguments(at, length),
            SystemCallNumber.Remap => Remap(step, at, length, mappings, oracle),
            SystemCallNumber.Protect => new CallArguments(at, length, (ulong)Protections[step.Other % Protections.Length]),
            SystemCallNumber.Advise => Advise(step, at, length),
            SystemCallNumber.Break => new CallArguments(_breakStart + (length % (3 * _spans[1])) - ((ulong)step.Other % 2)),
            SystemCallNumber.Lock => new CallArguments(at + ((ulong)step.Other % 2), Clamp(length)),
            SystemCallNumber.Unlock => new CallArguments(at, length),
            PseudoCall.MemorySet or PseudoCall.Unknown => Touch(step, at),
            PseudoCall.RelocateDown => Relocate(step, mappings),
            _ => default(CallArguments),
        };
        return arguments is { } known ? new ModelCall(process, step.Kind, known, (step.Length & 1) != 0) : null;
    }

    private CallArguments Map(in ModelStep step, ulong at, ulong length)
    {
        int other = step.Other;
        MapFlags flags = (other & 7) switch
        {
            0 => MapFlags.Shared | MapFlags.Anonymous,
            1 or 2 => MapFlags.Shared,
            3 => MapFlags.Private,
            _ => MapFlags.Private | MapFlags.Anonymous,
        };
        flags |= ((other >> 3) & 7) switch
        {
            0 => MapFlags.None, // a hint
            1 => MapFlags.FixedNoReplace,
            _ => MapFlags.Fixed,
        };
        flags |= ((other >> 6) & 15) switch
        {
            < 6 => MapFlags.Populate,
            6 => MapFlags.Locked,
            _ => MapFlags.None,
        };
        bool isFile = !flags.HasFlag(MapFlags.Anonymous);
        ulong descriptor = isFile ? (ulong)(((other >> 10) & 1) == 0 ? MemoryDescriptor : FileDescriptor) : ulong.MaxValue;
        ulong offset = isFile ? (ulong)((other >> 11) & 3) * _spans[1] / 2 : 0;
        ulong hint = (other & 0x38) == 0 && (other & 64) != 0 ? 0 : at;
        Protection protection = Protections[(other >> 13) % Protections.Length];
        if ((flags & (MapFlags.Populate | MapFlags.Locked)) != 0)
            length = Clamp(length);
        return new CallArguments(hint, length, (ulong)protection, (ulong)flags, descriptor, offset & ~(PageSize.Bytes - 1));
    }

    private CallArguments? Remap(in ModelStep step, ulong at, ulong length, IReadOnlyList<Mapping> mappings, PageOracle oracle)
    {
        if (mappings.Count == 0)
            return null;
        Mapping mapping = mappings[step.Place % mappings.Count];
        int other = step.Other;
        ulong old = (other & 3) == 0 ? at : mapping.Start.Value;
        ulong oldLength = (other & 3) switch { 1 or 2 => mapping.Range.Length.Value, _ => length };
        if ((other & 0x80) != 0 && (other & 3) == 1)
            return new CallArguments(old, oldLength, oldLength, (ulong)(RemapFlags.MayMove | RemapFlags.Fixed), Destination(step, old, oldLength, oldLength, mappings));
        ulong newLength = ((other >> 2) & 7) switch { 0 => length, 1 => oldLength + PageSize.Bytes, 2 => oldLength / 2, _ => oldLength };
        RemapFlags flags = ((other >> 5) & 15) switch
        {
            0 => RemapFlags.None,
            1 or 2 => RemapFlags.MayMove,
            3 or 4 => RemapFlags.MayMove | RemapFlags.DontUnmap,
            5 => RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap,
            _ => RemapFlags.MayMove | RemapFlags.Fixed,
        };
        if (((other >> 9) & 15) == 0)
            oldLength = 0;
        foreach (OracleRegion region in oracle.Regions)
        {
            // What DONTUNMAP does to a lock depends on what has merged. What grows locked is populated.
            if (!region.IsLocked)
                continue;
            flags &= ~RemapFlags.DontUnmap;
            newLength = Math.Max(Math.Min(newLength, oldLength + (MostTouched * PageSize.Bytes)), PageSize.Bytes);
        }

        return new CallArguments(old, oldLength, newLength, (ulong)flags, Destination(step, old, oldLength, newLength, mappings));
    }

    private ulong Destination(in ModelStep step, ulong old, ulong oldLength, ulong newLength, IReadOnlyList<Mapping> mappings)
    {
        int choice = step.Length;
        ulong pmd = Distance(_spans[1], newLength, choice);
        ulong pud = Distance(_spans[Math.Min(2, _spans.Length - 1)], newLength, choice);
        return unchecked((step.Other >> 12) switch
        {
            0 or 1 => old + pmd,
            2 or 3 or 14 => old + pud,
            4 => old + pmd + PageSize.Bytes,
            5 => old + pud + _spans[1] / 2,
            6 => old + oldLength,
            7 => old - newLength,
            8 => old + oldLength - PageSize.Bytes,
            9 => old - newLength + PageSize.Bytes,
            10 or 11 => mappings[choice % mappings.Count].Start.Value,
            12 => mappings[choice % mappings.Count].End.Value,
            13 => mappings[choice % mappings.Count].Start.Value - newLength,
            _ => Place(choice * 7, mappings),
        }) & ~(PageSize.Bytes - 1);
    }

    /// <summary>Some spans, up or down: mostly just enough for source and destination not to overlap.</summary>
    private static ulong Distance(ulong span, ulong length, int choice)
    {
        ulong enough = Math.Max(1, (length + (span - 1)) / span);
        ulong distance = span * ((choice >> 4) % 8 == 0 ? Math.Max(1, enough - 1) : enough + (ulong)((choice >> 7) % 3));
        return (choice & 8) == 0 ? distance : unchecked(0 - distance);
    }

    private CallArguments Advise(in ModelStep step, ulong at, ulong length)
    {
        Advice advice = Advices[step.Other % Advices.Length];
        bool touches = advice is Advice.PopulateRead or Advice.PopulateWrite or Advice.GuardInstall or Advice.Remove or Advice.Collapse;
        return new CallArguments(at, touches ? Clamp(length) : length, (ulong)advice);
    }

    private static CallArguments Touch(in ModelStep step, ulong at)
    {
        ulong pages = (step.Length % 32) switch { 0 => 513, 1 => 64, _ => 1 + ((ulong)step.Length % 3) };
        return new CallArguments(at, 0, pages * PageSize.Bytes);
    }

    private CallArguments? Relocate(in ModelStep step, IReadOnlyList<Mapping> mappings)
    {
        if (mappings.Count == 0)
            return null;
        Mapping mapping = mappings[step.Place % mappings.Count];
        ulong below = mapping.Start.Value;
        if (step.Place % mappings.Count != 0)
            below -= mappings[(step.Place % mappings.Count) - 1].End.Value;
        ulong shift = (step.Other % 4) switch
        {
            0 => below, // as far as there is room
            1 => _spans[1],
            2 => _spans[Math.Min(2, _spans.Length - 1)],
            _ => Length(step.Length),
        };
        return new CallArguments(mapping.Start.Value, mapping.Range.Length.Value, shift);
    }

    private static ulong Clamp(ulong length) => Math.Min(length, MostTouched * PageSize.Bytes);

    /// <summary>An address: near a boundary of some level, or at, in, or at the end of a mapping.</summary>
    private ulong Place(int choice, IReadOnlyList<Mapping> mappings)
    {
        int detail = choice >> 2;
        if ((choice & 3) != 0 && mappings.Count != 0)
        {
            Mapping mapping = mappings[detail % mappings.Count];
            ulong at = (choice & 3) switch
            {
                1 => mapping.Start.Value,
                2 => mapping.Start.Value + ((ulong)(detail >> 3) % mapping.Range.Length.WholePages.Value << PageSize.Shift),
                _ => mapping.End.Value - PageSize.Bytes,
            };
            if ((choice & 3) == 2 && (detail & 4) != 0)
                at = Math.Max(mapping.Start.Value, at & ~(_spans[1] - 1)); // where tables meet
            return at;
        }

        return NearBoundary(detail);
    }

    private ulong NearBoundary(int choice)
    {
        ulong anchor = _anchors[choice % _anchors.Length];
        long blocks = Math.Max(((choice >> 3) % 8) - 2, 0) switch { 0 or 1 or 2 => 0, _ => ((choice >> 3) % 5) - 2 };
        ulong pages = ((choice >> 6) % 8) switch { 0 or 1 or 2 => 0, 3 => 1, 4 => ulong.MaxValue, 5 => _spans[1] / 2 >> PageSize.Shift, 6 => 2, _ => unchecked(0UL - 2) };
        ulong place = unchecked(anchor + ((ulong)blocks * _spans[1]) + (pages << PageSize.Shift));
        return place >= _limit ? unchecked(place - (2 * _spans[1])) % _limit & ~(PageSize.Bytes - 1) : place;
    }

    private ulong Length(int choice)
    {
        int detail = choice >> 4;
        ulong pmd = _spans[1];
        ulong pud = _spans[Math.Min(2, _spans.Length - 1)];
        ulong length = (choice & 15) switch
        {
            0 or 1 or 2 => PageSize.Bytes * (1 + ((ulong)detail % 4)),
            3 => (pmd / 2) + ((ulong)detail % 2 * PageSize.Bytes),
            4 or 5 => pmd,
            6 => pud,
            7 => pmd + PageSize.Bytes,
            8 => pmd - PageSize.Bytes,
            9 or 10 => pmd * (2 + ((ulong)detail % 3)),
            11 or 12 => pud,
            13 => pud + pmd,
            14 => (2 * pud) - ((ulong)detail % 2 * PageSize.Bytes),
            _ => (pmd * 3 / 2) - ((ulong)detail % 3), // not whole pages
        };
        return Math.Max(length, 1);
    }
}
