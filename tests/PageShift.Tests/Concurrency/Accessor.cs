using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.Concurrency;

/// <summary>A thread that reads and writes at random places, and checks each access against what was published about the place.</summary>
/// <remarks>A plain access is checked when the same state was published before and after it. In an access scope no call can be under way, so what is published there is what holds: there the
/// thread's own words are checked and written again.</remarks>
internal sealed class Accessor : IDisposable
{
    private const int Scribbles = 2048; // words that nobody checks, for writes which may end up in another tenant's page
    private const int LastWord = (int)PageSize.Bytes - sizeof(ulong);
    private const int HotPages = 16;

    private readonly VirtualProcessor _processor;
    private readonly IReadOnlyList<Place> _places;
    private readonly int _writer;
    private readonly int _writers;
    private readonly Random _random;
    private readonly long[][][] _seen;
    private readonly ulong[][] _last;
    private UInt128 _across;

    internal Accessor(AddressSpace space, IReadOnlyList<Place> places, IReadOnlyList<Tenant> tenants, int writer, int writers, int seed)
    {
        _processor = space.CreateProcessor();
        _places = places;
        _writer = writer;
        _writers = writers;
        _random = new Random(seed);
        _last = [.. tenants.Select(tenant => new ulong[tenant.MostPages])];
        _seen = [.. tenants.Select(tenant => Enumerable.Range(0, writers).Select(_ => new long[tenant.MostPages]).ToArray())];
    }

    /// <summary>Accesses by what was known of the place, and how they ended.</summary>
    internal SortedDictionary<string, long> Counts { get; } = [];

    public void Dispose() => _processor.Dispose();

    /// <summary>The word that this thread last wrote to a page; 0 for none. May be read by others.</summary>
    internal ulong LastWritten(Tenant tenant, int page) => Volatile.Read(ref _last[tenant.Number][page]);

    /// <summary>Where a thread's word stands in each page. The first and the last word belong to values that cross pages.</summary>
    internal static int LaneOf(int writer) => (1 + writer) * sizeof(ulong);

    /// <summary>Makes one access or one short scope of them.</summary>
    internal void Step()
    {
        Place place = _places[_random.Next(_places.Count)];
        int most = place.State.Tenant?.MostPages ?? TenantWord.MostPages;
        int page = _random.Next(2) == 0 ? 2 * _random.Next(HotPages) : _random.Next(most); // some stay in the TLB
        switch (_random.Next(4))
        {
            case 0:
                ReadPlainly(place, page, _random.Next(_writers));
                break;
            case 1:
                ScribblePlainly(place, page);
                break;
            case 2 when _writer == 0:
                AccessAcross(place, page);
                break;
            default:
                WriteInScope(place, page);
                break;
        }
    }

    /// <summary>After all threads have stopped: each page that still holds this thread's words holds the last.</summary>
    internal void CheckAtEnd()
    {
        foreach (Place place in _places)
        {
            if (place.State is not { Tenant: { } tenant } state || state.Protection == Protection.None)
                continue;
            for (int page = 0; page < state.Pages; page++)
                CheckOwn(tenant, page, _processor.Read<ulong>(place.At(page, LaneOf(_writer))));
        }
    }

    private void ReadPlainly(Place place, int page, int writer)
    {
        PlaceState before = place.State;
        int generation = before.Tenant is { } tenant && page < tenant.MostPages ? tenant.Generation(page) : 0;
        AccessFault fault = _processor.TryRead(place.At(page, LaneOf(writer)), out ulong word);
        Interlocked.MemoryBarrier();
        PlaceState? state = ReferenceEquals(before, place.State) && before.IsSettled ? before : null;
        CheckFault("read", state, page, Protection.Read, fault, place);
        if (fault == AccessFault.None)
            CheckWord(state, generation, page, writer, word);
    }

    private void ScribblePlainly(Place place, int page)
    {
        PlaceState before = place.State;
        AccessFault fault = _processor.TryWrite(place.At(page, Scribbles + (LaneOf(_writer))), (ulong)_random.NextInt64());
        Interlocked.MemoryBarrier();
        CheckFault("write", ReferenceEquals(before, place.State) && before.IsSettled ? before : null, page, Protection.Write, fault, place);
    }

    /// <summary>Writes the same to the last word of a page and to the first of the next, or reads both. The one thread that writes them must find them equal always, whatever tenant's pages
    /// they are, unless one page's content was dropped: two pages that move do so together, and a write across them happens to both or to none.</summary>
    private void AccessAcross(Place place, int page)
    {
        if (_random.Next(2) == 0)
        {
            _across++;
            Count($"write across, {_processor.TryWrite(place.At(page, LastWord), (_across << 64) | _across)}");
            return;
        }

        AccessFault fault = _processor.TryRead(place.At(page, LastWord), out UInt128 both);
        Count($"read across, {fault}");
        var (last, first) = ((ulong)both, (ulong)(both >> 64));
        if (last != first && last != 0 && first != 0)
            throw new InvalidOperationException($"A value across pages {page} and {page + 1} at {place.At(page)} is of two halves, {last} and {first}.");
    }

    private void WriteInScope(Place place, int page)
    {
        using AccessScope scope = _processor.EnterAccess();
        PlaceState before = place.State;
        AccessFault fault = scope.TryTouch(place.At(page), AccessKind.Write);
        PlaceState state = place.State; // the touch may have let a call in
        if (!state.IsSettled)
            return;
        CheckFault("write in scope", ReferenceEquals(before, state) ? state : null, page, Protection.Write, fault, place);
        if (fault != AccessFault.None || state.Tenant is not { } tenant || page >= state.Pages || (state.Protection & Protection.Write) == 0)
            return;

        VirtualAddress own = place.At(page, LaneOf(_writer));
        fault = scope.TryRead(own, out ulong word);
        CheckFault("read in scope", state, page, Protection.Read, fault, place);
        CheckOwn(tenant, page, word);
        ulong next = Next(tenant, page);
        fault = scope.TryWrite(own, next);
        CheckFault("write in scope", state, page, Protection.Write, fault, place);
        Volatile.Write(ref _last[tenant.Number][page], next);
    }

    private ulong Next(Tenant tenant, int page)
    {
        int generation = tenant.Generation(page);
        int sequence = TenantWord.Unpack(_last[tenant.Number][page]) is { } last && last.Generation == (generation & 0xffff) ? last.Sequence + 1 : 1;
        return new TenantWord(tenant.Number, page, _writer, generation & 0xffff, Math.Min(sequence, TenantWord.MostSequence)).Pack();
    }

    /// <summary>This thread's word: what it wrote last, or zero when the page's content was dropped since.</summary>
    private void CheckOwn(Tenant tenant, int page, ulong word)
    {
        ulong last = _last[tenant.Number][page];
        ulong expected = TenantWord.Unpack(last) is { } written && written.Generation == (tenant.Generation(page) & 0xffff) ? last : 0;
        if (word != expected)
            throw new InvalidOperationException($"Page {page} holds {TenantWord.Unpack(word)?.ToString() ?? "nothing"}, not {TenantWord.Unpack(expected)?.ToString() ?? "nothing"}; its generation is {tenant.Generation(page)}.");
    }

    /// <summary>A word that may be another thread's: of the tenant that is published, of the generation that is, and never older than one that was seen before.</summary>
    private void CheckWord(PlaceState? state, int generation, int page, int writer, ulong word)
    {
        if (TenantWord.Unpack(word) is not { } found)
            return;
        bool isRight = found.Page == page && found.Writer == writer
            && (state is null || (found.Tenant == state.Tenant!.Number && found.Generation == (generation & 0xffff)));
        if (!isRight)
            throw new InvalidOperationException($"Page {page} of tenant {state?.Tenant?.Number} holds {found}; its generation is {generation}.");
        ref long seen = ref _seen[found.Tenant][writer][page];
        if (found.Age < seen)
            throw new InvalidOperationException($"Page {page} holds {found}, which is older than what was read before.");
        seen = found.Age;
    }

    private void CheckFault(string access, PlaceState? state, int page, Protection needed, AccessFault fault, Place place)
    {
        if (state is null)
        {
            Count($"{access}, unsettled");
            return;
        }

        AccessFault expected = state.Tenant is null || page >= state.Pages ? AccessFault.NotMapped
            : (state.Protection & needed) == 0 ? AccessFault.NotPermitted
            : AccessFault.None;
        if (fault != expected)
            throw new InvalidOperationException($"A {access} of page {page} at {place.At(page)} gave {fault}, but {expected} was settled before it began: {state.Pages} pages of tenant {state.Tenant?.Number}, {state.Protection}.");
        Count($"{access}, {expected}");
    }

    private void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;
}
