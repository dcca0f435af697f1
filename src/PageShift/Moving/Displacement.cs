using PageShift.Units;

namespace PageShift.Moving;

/// <summary>How far a move goes: added to an address, it gives where that address goes. Modulo 2^64, as the move may go down.</summary>
/// <param name="Bytes">The destination minus the source.</param>
internal readonly record struct Displacement(ulong Bytes)
{
    /// <summary>True when the move goes to higher addresses.</summary>
    internal bool IsUpward => (long)Bytes > 0;

    /// <summary>From <paramref name="from"/> to <paramref name="to"/>.</summary>
    internal static Displacement Between(VirtualAddress from, VirtualAddress to) => new(unchecked(to.Value - from.Value));

    /// <summary>Where an address goes.</summary>
    public static VirtualAddress operator +(VirtualAddress address, Displacement displacement) => new(unchecked(address.Value + displacement.Bytes));

    /// <summary>Where an address comes from.</summary>
    public static VirtualAddress operator -(VirtualAddress address, Displacement displacement) => new(unchecked(address.Value - displacement.Bytes));

    /// <summary>Where a range goes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It would reach beyond the last address.</exception>
    public static AddressRange operator +(AddressRange range, Displacement displacement) => new(range.Start + displacement, range.End + displacement);
}
