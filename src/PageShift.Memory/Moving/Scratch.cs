using PageShift.Memory.Kernel;

namespace PageShift.Memory.Moving;

/// <summary>Address space by way of which pages move whose source and destination overlap: mremap refuses an overlap. All of it is accessible, and nothing in it is needed between two
/// moves.</summary>
/// <remarks>Not thread-safe: each buffer has its own.</remarks>
internal sealed class Scratch(IMemoryKernel kernel) : IDisposable
{
    // After so many places the mappings that they left are made one again.
    private const int MostPlaces = 8;

    private readonly TableSpans _spans = new(kernel.PageSize);
    private Reservation? _reservation;
    private int _places;

    /// <summary>Finds a place for <paramref name="length"/> bytes that is congruent with <paramref name="source"/>, as far up as the length makes use of it.</summary>
    internal bool TryPlace(ulong source, ulong length, out ulong place)
    {
        ulong block = HasWholeBlock(source, length, _spans.Pud) ? _spans.Pud : _spans.Pmd;
        ulong offset = source & (block - 1);
        place = 0;
        if (!TryHave(Math.Max(offset + length, block)))
            return false;
        if (++_places > MostPlaces && kernel.Map(_reservation!.Start, _reservation.Length, PageAccess.ReadWrite, MapOptions.Private | MapOptions.Fixed) >= 0)
            _places = 1;
        place = _reservation!.Start + offset;
        return true;
    }

    /// <summary>Gives back what a move has left in a place, as it went on by copying.</summary>
    internal void Discard(ulong place, ulong length) => kernel.Advise(place, length, PageAdvice.DontNeed); // if that fails, the next move replaces it

    /// <summary>Makes good what a failed move to a place may have done.</summary>
    internal void Repair(ulong place, ulong length)
    {
        if (kernel.Advise(place, length, PageAdvice.Normal) == 0 || kernel.Map(place, length, PageAccess.ReadWrite, MapOptions.Private | MapOptions.FixedNoReplace) >= 0)
            return;
        _reservation!.Abandon(); // there is a hole in it that may be another's by now
        _reservation = null;
    }

    /// <inheritdoc/>
    public void Dispose() => _reservation?.Dispose();

    private static bool HasWholeBlock(ulong source, ulong length, ulong span) => ((source + span - 1) & ~(span - 1)) + span <= source + length;

    private bool TryHave(ulong length)
    {
        if (_reservation is not null && _reservation.Length >= length)
            return true;
        if (Reservation.TryTake(kernel, length, PageAccess.ReadWrite) is not { } larger)
            return false;
        _reservation?.Dispose();
        _reservation = larger;
        _places = 0;
        return true;
    }
}
