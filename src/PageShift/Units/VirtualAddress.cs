using System.Globalization;
using System.Runtime.CompilerServices;

namespace PageShift.Units;

/// <summary>A virtual address: a byte position in an address space. Any 64-bit value is representable,
/// also one that no space can map; the operation that takes it reports that as the kernel does.</summary>
public readonly record struct VirtualAddress : IComparable<VirtualAddress>
{
    /// <summary>The address <paramref name="value"/>.</summary>
    public VirtualAddress(ulong value) => Value = value;

    /// <summary>The address in bytes.</summary>
    public ulong Value { get; }

    /// <summary>Address 0.</summary>
    public static VirtualAddress Zero => default;

    /// <summary>The byte of the page at which this address stands.</summary>
    internal ulong OffsetInPage => Value & (PageSize.Bytes - 1);

    /// <summary>The page that holds this address.</summary>
    public VirtualAddress PageStart => new(Value & ~(PageSize.Bytes - 1));

    /// <summary>True when the address is a multiple of 4 KiB.</summary>
    public bool IsPageAligned => (Value & (PageSize.Bytes - 1)) == 0;

    /// <summary>The distance in bytes from <paramref name="right"/> up to <paramref name="left"/>, modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLength operator -(VirtualAddress left, VirtualAddress right) => new(unchecked(left.Value - right.Value));

    /// <summary>The address <paramref name="length"/> bytes up.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VirtualAddress operator +(VirtualAddress address, ByteLength length) => new(checked(address.Value + length.Value));

    /// <summary>The address <paramref name="length"/> bytes down.</summary>
    /// <exception cref="OverflowException">The difference is below zero.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VirtualAddress operator -(VirtualAddress address, ByteLength length) => new(checked(address.Value - length.Value));

    /// <summary>True when <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(VirtualAddress left, VirtualAddress right) => left.Value < right.Value;

    /// <summary>True when <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(VirtualAddress left, VirtualAddress right) => left.Value > right.Value;

    /// <summary>True when <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(VirtualAddress left, VirtualAddress right) => left.Value <= right.Value;

    /// <summary>True when <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(VirtualAddress left, VirtualAddress right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(VirtualAddress other) => Value.CompareTo(other.Value);

    /// <summary>The lower of two addresses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static VirtualAddress Min(VirtualAddress left, VirtualAddress right) => left.Value < right.Value ? left : right;

    /// <summary>The higher of two addresses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static VirtualAddress Max(VirtualAddress left, VirtualAddress right) => left.Value > right.Value ? left : right;

    /// <summary>The largest multiple of <paramref name="span"/>, a power of two, that is not above this address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VirtualAddress AlignDown(ByteLength span) => new(Value & ~(span.Value - 1));

    /// <summary>The smallest multiple of <paramref name="span"/>, a power of two, that is not below this address.</summary>
    /// <exception cref="OverflowException">That multiple does not fit in 64 bits.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VirtualAddress AlignUp(ByteLength span) => new(checked(Value + (span.Value - 1)) & ~(span.Value - 1));

    /// <summary>True when the address is a multiple of <paramref name="span"/>, a power of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAligned(ByteLength span) => (Value & (span.Value - 1)) == 0;

    /// <summary>How far the address lies above the multiple of <paramref name="span"/>, a power of two, below it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ByteLength OffsetIn(ByteLength span) => new(Value & (span.Value - 1));

    /// <summary>The address in hexadecimal with a leading 0x, as strace writes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
