using System.Globalization;

namespace PageShift;

/// <summary>A length in bytes.</summary>
/// <param name="Value">The number of bytes.</param>
public readonly record struct ByteLength(ulong Value) : IComparable<ByteLength>
{
    /// <summary>The length of <paramref name="pages"/> pages of 4 KiB.</summary>
    /// <exception cref="OverflowException">The length does not fit in 64 bits.</exception>
    public static ByteLength FromPages(PageCount pages) => new(checked(pages.Value * PageSize.Bytes));

    /// <summary>The number of whole pages in this length; a remainder is dropped.</summary>
    public PageCount WholePages => new(Value >> PageSize.Shift);

    /// <summary>True when the length is a multiple of 4 KiB.</summary>
    public bool IsPageAligned => (Value & (PageSize.Bytes - 1)) == 0;

    /// <summary>The sum of two lengths.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    public static ByteLength operator +(ByteLength left, ByteLength right) => new(checked(left.Value + right.Value));

    /// <summary>The difference of two lengths.</summary>
    /// <exception cref="OverflowException">The difference is below zero.</exception>
    public static ByteLength operator -(ByteLength left, ByteLength right) => new(checked(left.Value - right.Value));

    /// <summary>True when <paramref name="left"/> is shorter.</summary>
    public static bool operator <(ByteLength left, ByteLength right) => left.Value < right.Value;

    /// <summary>True when <paramref name="left"/> is longer.</summary>
    public static bool operator >(ByteLength left, ByteLength right) => left.Value > right.Value;

    /// <summary>True when <paramref name="left"/> is not longer.</summary>
    public static bool operator <=(ByteLength left, ByteLength right) => left.Value <= right.Value;

    /// <summary>True when <paramref name="left"/> is not shorter.</summary>
    public static bool operator >=(ByteLength left, ByteLength right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(ByteLength other) => Value.CompareTo(other.Value);

    /// <summary>The shorter of two lengths.</summary>
    internal static ByteLength Min(ByteLength left, ByteLength right) => left.Value < right.Value ? left : right;

    /// <summary>This length rounded up to whole pages, or null when that wraps past 2^64.</summary>
    public ByteLength? RoundUpToPages()
    {
        ulong rounded = unchecked(Value + (PageSize.Bytes - 1)) & ~(PageSize.Bytes - 1);
        return rounded < Value ? null : new ByteLength(rounded);
    }

    /// <summary>The length in decimal, as strace writes it.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
