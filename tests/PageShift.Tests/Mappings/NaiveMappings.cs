using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Tests.Mappings;

/// <summary>The model: a sorted list of mappings, every question answered by looking at all of it. A change cuts the
/// list at the range's ends, changes what lies between, and joins what may be joined.</summary>
internal sealed class NaiveMappings
{
    private readonly List<Mapping> _list = [];

    public IReadOnlyList<Mapping> All => _list;

    public bool IsFree(AddressRange range) => !_list.Any(m => m.Range.Overlaps(range));

    public int IndexAt(VirtualAddress address) => _list.FindIndex(m => m.Range.Contains(address));

    public void Insert(Mapping mapping)
    {
        _list.Add(mapping);
        _list.Sort((one, other) => one.Start.CompareTo(other.Start));
    }

    public void RemoveAt(int index) => _list.RemoveAt(index);

    public void Replace(int index, Mapping mapping) => _list[index] = mapping;

    public void Split(int index, VirtualAddress at)
    {
        Mapping whole = _list[index];
        if (at == whole.Start || at == whole.End)
            return;
        _list[index] = whole with { Range = new AddressRange(whole.Start, at) };
        ulong cut = (at.Value - whole.Start.Value) / PageSize.Bytes;
        _list.Insert(index + 1, whole with
        {
            Range = new AddressRange(at, whole.End),
            PageOffset = new PageCount(whole.PageOffset.Value + cut),
        });
    }

    public void InsertMerging(Mapping mapping, bool withNext)
    {
        Insert(mapping);
        JoinAround(_list.IndexOf(mapping), withPrevious: true, withNext);
    }

    public void Extend(int index, VirtualAddress end)
    {
        Mapping extended = _list[index] with { Range = new AddressRange(_list[index].Start, end) };
        _list[index] = extended;
        // The identity reaches a neighbour without one whatever its origin.
        if (index + 1 < _list.Count && !extended.Anon.IsNone && _list[index + 1].Anon.IsNone
            && Fits(extended, _list[index + 1] with { Anon = extended.Anon }))
            _list[index + 1] = _list[index + 1] with { Anon = extended.Anon };
        JoinAround(index, withPrevious: false, withNext: true);
    }

    public void Modify(int index, AddressRange range, VmFlags flags)
    {
        Mapping whole = _list[index];
        if (whole.Flags == flags)
            return;
        Split(index, range.Start);
        index = IndexAt(range.Start);
        Split(index, range.End);
        _list[index] = _list[index] with { Flags = flags };
        JoinAround(index, range.Start == whole.Start, range.End == whole.End);
    }

    // Linux's search: the highest hole, and when a guard gap reaches into it, the highest one below that guard gap.
    public VirtualAddress? TopDown(int length, VirtualAddress low, VirtualAddress high)
    {
        while (high >= low + MappingWorld.Pages(length))
        {
            VirtualAddress at = high - MappingWorld.Pages(length);
            while (!IsFree(new AddressRange(at, MappingWorld.Pages(length))))
            {
                if (at == low)
                    return null;
                at -= MappingWorld.Pages(1);
            }

            VirtualAddress guarded = GuardedStartAbove(at);
            if (at + MappingWorld.Pages(length) <= guarded)
                return at;
            high = guarded;
        }

        return null;
    }

    public VirtualAddress? Congruent(int length, VirtualAddress low, VirtualAddress high, ulong residue, ulong span)
    {
        for (ulong at = high.Value; at >= low.Value + PageSize.Bytes;)
        {
            at -= PageSize.Bytes;
            if ((at & (span - 1)) == residue && Fits(at, length, high))
                return new VirtualAddress(at);
        }

        return null;
    }

    public VirtualAddress? BottomUp(int length, VirtualAddress low, VirtualAddress high)
    {
        for (ulong at = low.Value; at < high.Value; at += PageSize.Bytes)
        {
            if (Fits(at, length, high))
                return new VirtualAddress(at);
        }

        return null;
    }

    private bool Fits(ulong at, int length, VirtualAddress high)
    {
        AddressRange range = new(new VirtualAddress(at), MappingWorld.Pages(length));
        if (range.End > high || !IsFree(range))
            return false;
        return range.End <= GuardedStartAbove(range.Start);
    }

    private VirtualAddress GuardedStartAbove(VirtualAddress address)
    {
        int next = _list.FindIndex(m => m.Start > address);
        if (next < 0)
            return new VirtualAddress(ulong.MaxValue);
        ulong guard = _list[next].Flags.HasFlag(VmFlags.GrowsDown) ? 256 * PageSize.Bytes : 0;
        return new VirtualAddress(_list[next].Start.Value - guard);
    }

    private void JoinAround(int index, bool withPrevious, bool withNext)
    {
        bool left = withPrevious && index > 0 && Fits(_list[index - 1], _list[index]);
        bool right = withNext && index + 1 < _list.Count && Fits(_list[index], _list[index + 1]);
        if (left && right)
        {
            AnonIdentity[] anons = [_list[index - 1].Anon, _list[index].Anon, _list[index + 1].Anon];
            right = anons.Where(a => !a.IsNone).Distinct().Count() < 2;
        }

        if (right)
            Join(index);
        if (left)
            Join(index - 1);
    }

    private void Join(int index)
    {
        (Mapping low, Mapping high) = (_list[index], _list[index + 1]);
        _list[index] = low with
        {
            Range = new AddressRange(low.Start, high.End),
            Flags = low.Flags | high.Flags,
            Anon = low.Anon.IsNone ? high.Anon : low.Anon,
        };
        _list.RemoveAt(index + 1);
    }

    private static bool Fits(Mapping low, Mapping high)
    {
        if (low.End != high.Start || low.File != high.File)
            return false;
        if ((low.Flags | VmFlags.MayHaveGuards) != (high.Flags | VmFlags.MayHaveGuards))
            return false;
        if (low.PageOffset.Value + ((low.End.Value - low.Start.Value) / PageSize.Bytes) != high.PageOffset.Value)
            return false;
        AnonIdentity[] anons = [.. new[] { low.Anon, high.Anon }.Where(a => !a.IsNone)];
        return anons.Length switch { 0 => true, 1 => !anons[0].Inherited, _ => anons[0] == anons[1] };
    }
}
