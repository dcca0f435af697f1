using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Tests.Concurrency;

/// <summary>What the thread that makes the system calls has published about a place: true from the moment it is published until <see cref="Place.Unsettle"/>. Every state is an object of
/// its own, so that who finds the same one before and after an access knows that it held all the while.</summary>
/// <param name="Tenant">Whose pages are there; null when nothing is mapped.</param>
/// <param name="Pages">How many pages are mapped.</param>
/// <param name="Protection">What they allow.</param>
internal sealed record PlaceState(Tenant? Tenant, int Pages, Protection Protection)
{
    /// <summary>A call is under way.</summary>
    internal static PlaceState Unsettled { get; } = new(null, 0, Protection.None);

    internal bool IsSettled => !ReferenceEquals(this, Unsettled);
}

/// <summary>An address at which a tenant may live.</summary>
internal sealed class Place(ulong start)
{
    private volatile PlaceState _state = new(null, 0, Protection.None);

    internal ulong Start => start;

    internal PlaceState State => _state;

    /// <summary>Says that a call is about to change the place.</summary>
    internal void Unsettle() => _state = PlaceState.Unsettled;

    /// <summary>Says what a call that has returned has made of the place.</summary>
    internal void Settle(Tenant? tenant, int pages, Protection protection) => _state = new PlaceState(tenant, pages, protection);

    internal VirtualAddress At(int page, int offset = 0) => new(start + ((ulong)page * PageSize.Bytes) + (ulong)offset);
}

/// <summary>Pages that live together at one place after the other.</summary>
internal sealed class Tenant(int number, int mostPages, bool isShared)
{
    private readonly int[] _generations = new int[mostPages];

    internal int Number => number;

    internal int MostPages => mostPages;

    /// <summary>True when the pages belong to a shared object, and come back with their content when their entries were dropped.</summary>
    internal bool IsShared => isShared;

    // The rest of this part belongs to the thread that makes the calls.
    internal Place? Home { get; set; }

    internal int Pages { get; set; }

    internal Protection Protection { get; set; }

    /// <summary>How often a page's content was dropped, by calls that have returned. It changes only while the place is unsettled.</summary>
    internal int Generation(int page) => Volatile.Read(ref _generations[page]);

    /// <summary>Notes that the content of pages from <paramref name="first"/> on is gone.</summary>
    internal void Drop(int first, int count)
    {
        for (int page = first; page < first + count; page++)
            Volatile.Write(ref _generations[page], _generations[page] + 1);
    }
}
