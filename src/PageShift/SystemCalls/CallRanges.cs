using PageShift.Units;

namespace PageShift.SystemCalls;

/// <summary>The ranges of addresses that a call concerns: up to two, or all of user space. Empty ones are left out.</summary>
internal readonly struct CallRanges
{
    // Above the user space of five levels, and far enough from 2^64 for sums.
    internal const ulong Limit = 1UL << 57;

    private readonly AddressRange _first;
    private readonly AddressRange _second;

    internal CallRanges(AddressRange first, AddressRange second = default)
    {
        _first = first;
        _second = second;
    }

    /// <summary>All of user space.</summary>
    public static CallRanges All { get; } = new(Everything);

    /// <summary>The range that <see cref="All"/> consists of.</summary>
    public static AddressRange Everything => new(VirtualAddress.Zero, new VirtualAddress(Limit));

    /// <summary>True for all of user space, and more: no call that names its range by arguments succeeds there.</summary>
    public bool IsAll => _first.Start == VirtualAddress.Zero && _first.End.Value == Limit;

    /// <summary>True when one of them has all of <paramref name="range"/>.</summary>
    public bool Contains(AddressRange range) => _first.Contains(range) || _second.Contains(range);

    /// <summary>True when an address is in ranges of both.</summary>
    public bool Overlaps(in CallRanges other) =>
        Share(_first, other._first) || Share(_first, other._second) || Share(_second, other._first) || Share(_second, other._second);

    /// <summary>Goes over the ranges.</summary>
    public Enumerator GetEnumerator() => new(this);

    private static bool Share(AddressRange left, AddressRange right) => !left.IsEmpty && !right.IsEmpty && left.Overlaps(right);

    /// <summary>The range of some bytes. Empty when it wraps past 2^64, which no call does anything with.</summary>
    internal static AddressRange Of(ulong start, ulong length)
    {
        ulong end = unchecked(start + length);
        return end < start || start > Limit ? default : new AddressRange(new VirtualAddress(start), new VirtualAddress(Math.Min(end, Limit)));
    }

    /// <summary>Goes over the ranges.</summary>
    public struct Enumerator
    {
        private readonly CallRanges _ranges;
        private int _next;

        internal Enumerator(CallRanges ranges) => _ranges = ranges;

        /// <summary>The range.</summary>
        public AddressRange Current { get; private set; }

        /// <summary>Goes to the next.</summary>
        /// <returns>False when there is none.</returns>
        public bool MoveNext()
        {
            while (_next < 2)
            {
                Current = _next++ == 0 ? _ranges._first : _ranges._second;
                if (!Current.IsEmpty)
                    return true;
            }

            return false;
        }
    }
}
