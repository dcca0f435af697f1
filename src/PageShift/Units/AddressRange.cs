using System.Globalization;

namespace PageShift.Units;

/// <summary>The half-open range of addresses [Start, End).</summary>
public readonly record struct AddressRange
{
    /// <summary>Makes the range [<paramref name="start"/>, <paramref name="end"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> is below <paramref name="start"/>.</exception>
    public AddressRange(VirtualAddress start, VirtualAddress end)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(end.Value, start.Value, nameof(end));
        Start = start;
        End = end;
    }

    /// <summary>Makes the range of <paramref name="length"/> bytes from <paramref name="start"/>.</summary>
    /// <exception cref="OverflowException">The end does not fit in 64 bits.</exception>
    public AddressRange(VirtualAddress start, ByteLength length) : this(start, start + length)
    {
    }

    private AddressRange(ulong start, ulong end)
    {
        Start = new VirtualAddress(start);
        End = new VirtualAddress(end);
    }

    /// <summary>The first address of the range.</summary>
    public VirtualAddress Start { get; }

    /// <summary>The first address after the range.</summary>
    public VirtualAddress End { get; }

    /// <summary>The bytes in the range.</summary>
    public ByteLength Length => End - Start;

    /// <summary>True when the range holds no address.</summary>
    public bool IsEmpty => Start == End;

    /// <summary>True when <paramref name="address"/> lies in the range.</summary>
    public bool Contains(VirtualAddress address) => address >= Start && address < End;

    /// <summary>True when <paramref name="other"/> lies wholly in the range.</summary>
    public bool Contains(AddressRange other) => other.Start >= Start && other.End <= End;

    /// <summary>True when the two ranges share an address.</summary>
    public bool Overlaps(AddressRange other) => Start < other.End && other.Start < End;

    /// <summary>The addresses that both ranges hold; an empty range when there are none.</summary>
    public AddressRange Intersect(AddressRange other)
    {
        VirtualAddress start = Start > other.Start ? Start : other.Start;
        VirtualAddress end = End < other.End ? End : other.End;
        return end > start ? new AddressRange(start, end) : new AddressRange(start, start);
    }

    /// <summary>The range whose ends are 2^<paramref name="shift"/> times as large.</summary>
    internal AddressRange Scaled(int shift) => Between(Start.Value << shift, End.Value << shift);

    /// <summary>The range whose ends are 2^<paramref name="shift"/> times as small.</summary>
    internal AddressRange Unscaled(int shift) => Between(Start.Value >> shift, End.Value >> shift);

    /// <summary>The range [<paramref name="start"/>, <paramref name="end"/>), which are in this order.</summary>
    internal static AddressRange Between(ulong start, ulong end) => new(start, end);

    /// <summary>The range in hexadecimal, as /proc/self/maps writes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Start.Value:x}-{End.Value:x}");
}
