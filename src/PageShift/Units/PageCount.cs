using System.Globalization;

namespace PageShift.Units;

/// <summary>A number of 4 KiB pages.</summary>
public readonly record struct PageCount : IComparable<PageCount>
{
    /// <summary><paramref name="value"/> pages.</summary>
    public PageCount(ulong value) => Value = value;

    /// <summary>The number of pages.</summary>
    public ulong Value { get; }

    /// <summary>The sum of two counts.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    public static PageCount operator +(PageCount left, PageCount right) => new(checked(left.Value + right.Value));

    /// <summary>The difference of two counts.</summary>
    /// <exception cref="OverflowException">The difference is below zero.</exception>
    public static PageCount operator -(PageCount left, PageCount right) => new(checked(left.Value - right.Value));

    /// <summary>True when <paramref name="left"/> is the smaller count.</summary>
    public static bool operator <(PageCount left, PageCount right) => left.Value < right.Value;

    /// <summary>True when <paramref name="left"/> is the larger count.</summary>
    public static bool operator >(PageCount left, PageCount right) => left.Value > right.Value;

    /// <summary>True when <paramref name="left"/> is not the larger count.</summary>
    public static bool operator <=(PageCount left, PageCount right) => left.Value <= right.Value;

    /// <summary>True when <paramref name="left"/> is not the smaller count.</summary>
    public static bool operator >=(PageCount left, PageCount right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(PageCount other) => Value.CompareTo(other.Value);

    /// <summary>The count in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
