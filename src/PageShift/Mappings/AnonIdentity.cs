using System.Globalization;

namespace PageShift.Mappings;

/// <summary>The identity that a mapping takes when it gets its first private page: Linux's <c>anon_vma</c>, as far
/// as it decides what merges. Mappings that share it, share the bookkeeping of their private pages.</summary>
/// <remarks>The value fits 64 bits, so that a fault can set it in one atomic step. Source: docs/linux-rules.md section 3.</remarks>
internal readonly record struct AnonIdentity
{
    private const ulong InheritedBit = 1UL << 32;

    /// <summary>Makes the identity <paramref name="id"/>.</summary>
    /// <param name="id">The number; 0 is <see cref="None"/>.</param>
    /// <param name="inherited">True when a fork gave it to the child for pages that the parent had.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is 0 and <paramref name="inherited"/> is true.</exception>
    public AnonIdentity(uint id, bool inherited)
    {
        if (id == 0 && inherited)
            throw new ArgumentException("A mapping without an identity has inherited none.", nameof(inherited));
        Packed = id | (inherited ? InheritedBit : 0);
    }

    private AnonIdentity(ulong packed) => Packed = packed;

    /// <summary>No identity: the mapping has had no private page yet.</summary>
    public static AnonIdentity None => default;

    /// <summary>The number, unique in one family of address spaces; 0 for none.</summary>
    public uint Id => (uint)Packed;

    /// <summary>True when a fork gave it to the child for pages that the parent had. It then spreads to no mapping
    /// that lacks an identity.</summary>
    public bool Inherited => (Packed & InheritedBit) != 0;

    /// <summary>True when there is no identity.</summary>
    public bool IsNone => Packed == 0;

    /// <summary>The identity in one word: bit 32 inherited, bits 31-0 the number.</summary>
    internal ulong Packed { get; }

    /// <summary>The number, with a mark when it is inherited.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Id}{(Inherited ? " (inherited)" : "")}");

    internal static AnonIdentity FromPacked(ulong packed) => new(packed);
}
