using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Concurrency;

/// <summary>The thread that makes the system calls, and publishes before and after each what places hold.</summary>
internal sealed class Remapper : IDisposable
{
    private const int LongestSpin = 2000;

    private readonly AddressSpace _space;
    private readonly VirtualProcessor _processor;
    private readonly IReadOnlyList<Place> _places;
    private readonly IReadOnlyList<Tenant> _tenants;
    private readonly ForkCheck _fork;
    private readonly Random _random;

    internal Remapper(AddressSpace space, IReadOnlyList<Place> places, IReadOnlyList<Tenant> tenants, IReadOnlyList<Accessor> accessors, int seed)
    {
        _space = space;
        _processor = space.CreateProcessor();
        _places = places;
        _tenants = tenants;
        _random = new Random(seed);
        _fork = new ForkCheck(space, accessors);
        foreach (Tenant tenant in tenants)
            Map(tenant);
    }

    /// <summary>Calls by name.</summary>
    internal SortedDictionary<string, long> Counts { get; } = [];

    public void Dispose() => _processor.Dispose();

    /// <summary>Makes one call, and gives the others a while, mostly a short one, to fill their TLBs and to come upon what has changed.</summary>
    internal void Step()
    {
        Call();
        if (_random.Next(4) == 0)
            Thread.Sleep(1);
        else
            Thread.SpinWait(_random.Next(LongestSpin));
    }

    private void Call()
    {
        _space.Policy = MovePolicyName.All[_random.Next(MovePolicyName.All.Count)];
        Tenant tenant = _tenants[_random.Next(_tenants.Count)];
        if (tenant.Home is null)
        {
            Map(tenant);
            return;
        }

        switch (_random.Next(16))
        {
            case < 6:
                Move(tenant);
                break;
            case < 8:
                Resize(tenant);
                break;
            case < 11:
                Protect(tenant);
                break;
            case < 13:
                DropPages(tenant);
                break;
            case 13:
                Unmap(tenant);
                break;
            default:
                _fork.Run(tenant);
                Count("fork");
                break;
        }
    }

    private void Map(Tenant tenant)
    {
        Place[] free = [.. _places.Where(place => place.State.Tenant is null)];
        Place home = free[_random.Next(free.Length)];
        home.Unsettle();
        MapFlags type = tenant.IsShared ? MapFlags.Shared : MapFlags.Private;
        Must(_space.Map(home.At(0), Bytes(tenant.MostPages), Protection.Read | Protection.Write, type | MapFlags.Anonymous | MapFlags.Fixed));
        if (!tenant.IsShared && _random.Next(2) == 0)
            Must(_space.Advise(home.At(0), Bytes(tenant.MostPages), Advice.HugePage));
        Settle(tenant, home, tenant.MostPages, Protection.Read | Protection.Write);
        Count("map");
    }

    /// <summary>To another place, longer or shorter or as it is, over whoever lives there.</summary>
    private void Move(Tenant tenant)
    {
        Place old = tenant.Home!;
        Place home = _places[_random.Next(_places.Count)];
        if (home == old)
            return;
        Tenant? evicted = home.State.Tenant;
        int pages = _random.Next(3) == 0 ? _random.Next(1, tenant.MostPages + 1) : tenant.Pages;
        VirtualAddress known = Remember(tenant);
        old.Unsettle();
        home.Unsettle();
        // What the move will not cover of it goes first: a value across the end of one tenant and the next page of another would be of two halves.
        if (evicted is not null && evicted.Pages > pages)
            Must(_space.Unmap(home.At(pages), Bytes(evicted.Pages - pages)));
        Must(_space.Remap(old.At(0), Bytes(tenant.Pages), Bytes(pages), RemapFlags.MayMove | RemapFlags.Fixed, home.At(0)));
        if (evicted is not null)
            Evict(evicted);

        DropTail(tenant, pages);
        old.Settle(null, 0, Protection.None);
        Settle(tenant, home, pages, tenant.Protection);
        Assert.Equal(AccessFault.NotMapped, _processor.TryRead(known, out ulong _));
        Count(evicted is null ? "move" : "move over another");
    }

    private void Resize(Tenant tenant)
    {
        Place home = tenant.Home!;
        int pages = _random.Next(1, tenant.MostPages + 1);
        home.Unsettle();
        Must(_space.Remap(home.At(0), Bytes(tenant.Pages), Bytes(pages), RemapFlags.None));
        Count(pages < tenant.Pages ? "shrink" : "grow");
        DropTail(tenant, pages);
        Settle(tenant, home, pages, tenant.Protection);
    }

    private void Protect(Tenant tenant)
    {
        Place home = tenant.Home!;
        Protection protection = _random.Next(4) switch { 0 => Protection.None, 1 => Protection.Read, _ => Protection.Read | Protection.Write };
        home.Unsettle();
        Must(_space.Protect(home.At(0), Bytes(tenant.Pages), protection));
        Settle(tenant, home, tenant.Pages, protection);
        Count($"protect {protection}");
    }

    private void DropPages(Tenant tenant)
    {
        Place home = tenant.Home!;
        int first = _random.Next(tenant.Pages);
        int count = _random.Next(1, tenant.Pages - first + 1);
        home.Unsettle();
        Must(_space.Advise(home.At(first), Bytes(count), Advice.DontNeed));
        if (!tenant.IsShared)
            tenant.Drop(first, count);
        Settle(tenant, home, tenant.Pages, tenant.Protection);
        Count("drop");
    }

    private void Unmap(Tenant tenant)
    {
        Place home = tenant.Home!;
        VirtualAddress known = Remember(tenant);
        home.Unsettle();
        Must(_space.Unmap(home.At(0), Bytes(tenant.Pages)));
        Evict(tenant);
        home.Settle(null, 0, Protection.None);
        Assert.Equal(AccessFault.NotMapped, _processor.TryRead(known, out ulong _));
        Count("unmap");
    }

    /// <summary>Brings a page of a tenant into this thread's own TLB.</summary>
    private VirtualAddress Remember(Tenant tenant)
    {
        VirtualAddress address = tenant.Home!.At(_random.Next(tenant.Pages));
        Assert.Equal(tenant.Protection == Protection.None ? AccessFault.NotPermitted : AccessFault.None, _processor.TryRead(address, out ulong _));
        return address;
    }

    private static void Evict(Tenant tenant)
    {
        tenant.Drop(0, tenant.MostPages);
        tenant.Home = null;
    }

    /// <summary>The content beyond a new end is gone, unless a shared object keeps it.</summary>
    private static void DropTail(Tenant tenant, int pages)
    {
        if (!tenant.IsShared && pages < tenant.Pages)
            tenant.Drop(pages, tenant.Pages - pages);
    }

    private static void Settle(Tenant tenant, Place home, int pages, Protection protection)
    {
        tenant.Home = home;
        tenant.Pages = pages;
        tenant.Protection = protection;
        home.Settle(tenant, pages, protection);
    }

    private static void Must(CallResult result) => Assert.False(result.IsError, $"The call failed: {result}.");

    private static ByteLength Bytes(int pages) => new((ulong)pages * PageSize.Bytes);

    private void Count(string call) => Counts[call] = Counts.GetValueOrDefault(call) + 1;
}
