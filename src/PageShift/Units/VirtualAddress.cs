using System.Globalization;

namespace PageShift;

/// <summary>A virtual address: a byte position in an address space. Any 64-bit value is representable,
/// also one that no space can map; the operation that takes it reports that as the kernel does.</summary>
/// <param name="Value">The address in bytes.</param>
public readonly record struct VirtualAddress(ulong Value) : IComparable<VirtualAddress>
{
    /// <summary>Address 0.</summary>
    public static VirtualAddress Zero => default;

    /// <summary>The page that holds this address.</summary>
    public VirtualAddress PageStart => new(Value & ~(PageSize.Bytes - 1));

    /// <summary>True when the address is a multiple of 4 KiB.</summary>
    public bool IsPageAligned => (Value & (PageSize.Bytes - 1)) == 0;

    /// <summary>The distance in bytes from <paramref name="right"/> up to <paramref name="left"/>, modulo 2^64.</summary>
    public static ByteLength operator -(VirtualAddress left, VirtualAddress right) => new(unchecked(left.Value - right.Value));

    /// <summary>The address <paramref name="length"/> bytes up.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    public static VirtualAddress operator +(VirtualAddress address, ByteLength length) => new(checked(address.Value + length.Value));

    /// <summary>The address <paramref name="length"/> bytes down.</summary>
    /// <exception cref="OverflowException">The difference is below zero.</exception>
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
    internal static VirtualAddress Min(VirtualAddress left, VirtualAddress right) => left.Value < right.Value ? left : right;

    /// <summary>The higher of two addresses.</summary>
    internal static VirtualAddress Max(VirtualAddress left, VirtualAddress right) => left.Value > right.Value ? left : right;

    /// <summary>The largest multiple of <paramref name="span"/> (a power of two, in bytes) that is not above this address.</summary>
    public VirtualAddress AlignDown(ulong span) => new(Value & ~(span - 1));

    /// <summary>The smallest multiple of <paramref name="span"/> (a power of two, in bytes) that is not below this address.</summary>
    /// <exception cref="OverflowException">That multiple does not fit in 64 bits.</exception>
    public VirtualAddress AlignUp(ulong span) => new(checked(Value + (span - 1)) & ~(span - 1));

    /// <summary>True when the address is a multiple of <paramref name="span"/> (a power of two, in bytes).</summary>
    public bool IsAligned(ulong span) => (Value & (span - 1)) == 0;

    /// <summary>The address in hexadecimal with a leading 0x, as strace writes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
