using PageShift.Units;

namespace PageShift.Measurement;

/// <summary>A move of a populated mapping.</summary>
/// <param name="Old">Where it is.</param>
/// <param name="New">Where it goes.</param>
/// <param name="Length">Its bytes.</param>
public sealed record MoveCase(VirtualAddress Old, VirtualAddress New, ByteLength Length)
{
    private const ulong GiB = 1UL << 30;

    /// <summary>1 GiB that is not congruent with its destination: 262,144 PTEs move.</summary>
    public static MoveCase NotCongruent { get; } = new(new VirtualAddress(4 * GiB), new VirtualAddress((12 * GiB) + PageSize.Bytes), new ByteLength(GiB));

    /// <summary>1 GiB at 512 MiB in its GiB, congruent: two PUD entries, expanded to at both ends.</summary>
    public static MoveCase Congruent { get; } = new(new VirtualAddress((4 * GiB) + (GiB / 2)), new VirtualAddress((12 * GiB) + (GiB / 2)), new ByteLength(GiB));

    /// <summary>The test program of the email of 2023-03-25: 2 MiB at 129 MiB, down by 2 MiB.</summary>
    public static MoveCase Email { get; } = new(new VirtualAddress(0x8100000), new VirtualAddress(0x7f00000), new ByteLength(2UL << 20));
}
