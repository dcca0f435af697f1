using System.Globalization;
using System.Runtime.CompilerServices;

namespace PageShift.Units;

/// <summary>A length in bytes.</summary>
public readonly record struct ByteLength : IComparable<ByteLength>
{
    /// <summary>The length of <paramref name="value"/> bytes.</summary>
    public ByteLength(ulong value) => Value = value;

    /// <summary>The number of bytes.</summary>
    public ulong Value { get; }

    /// <summary>No byte.</summary>
    public static ByteLength Zero => default;

    /// <summary>The length of <paramref name="pages"/> pages of 4 KiB.</summary>
    /// <exception cref="OverflowException">The length does not fit in 64 bits.</exception>
    public static ByteLength FromPages(PageCount pages) => new(checked(pages.Value * PageSize.Bytes));

    /// <summary>The length of <paramref name="count"/> times 1024 bytes.</summary>
    /// <exception cref="OverflowException">The length does not fit in 64 bits.</exception>
    public static ByteLength FromKiB(ulong count) => new(checked(count * (1UL << 10)));

    /// <summary>The length of <paramref name="count"/> times 1024 KiB.</summary>
    /// <exception cref="OverflowException">The length does not fit in 64 bits.</exception>
    public static ByteLength FromMiB(ulong count) => new(checked(count * (1UL << 20)));

    /// <summary>The length of <paramref name="count"/> times 1024 MiB.</summary>
    /// <exception cref="OverflowException">The length does not fit in 64 bits.</exception>
    public static ByteLength FromGiB(ulong count) => new(checked(count * (1UL << 30)));

    /// <summary>The number of whole pages in this length; a remainder is dropped.</summary>
    public PageCount WholePages => new(Value >> PageSize.Shift);

    /// <summary>What is left of the length when multiples of <paramref name="span"/>, a power of two, are taken away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ByteLength OffsetIn(ByteLength span) => new(Value & (span.Value - 1));

    /// <summary>True when the length is a multiple of <paramref name="span"/>, a power of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsMultipleOf(ByteLength span) => (Value & (span.Value - 1)) == 0;

    /// <summary>True when the length is a multiple of 4 KiB.</summary>
    public bool IsPageAligned => (Value & (PageSize.Bytes - 1)) == 0;

    /// <summary>The sum of two lengths.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLength operator +(ByteLength left, ByteLength right) => new(checked(left.Value + right.Value));

    /// <summary>The difference of two lengths.</summary>
    /// <exception cref="OverflowException">The difference is below zero.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLength operator -(ByteLength left, ByteLength right) => new(checked(left.Value - right.Value));

    /// <summary>The length, <paramref name="count"/> times.</summary>
    /// <exception cref="OverflowException">The product does not fit in 64 bits.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLength operator *(ByteLength length, ulong count) => new(checked(length.Value * count));

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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
