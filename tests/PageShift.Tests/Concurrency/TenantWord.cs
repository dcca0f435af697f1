namespace PageShift.Tests.Concurrency;

/// <summary>What a word of a page says about itself: whose page it is, who wrote it, when, and a checksum over all that. Zero is a page that nobody has written since it came in.</summary>
/// <remarks>
/// <code>
///  63       52 51    49 48    46 45     36 35        20 19       0
/// +-----------+--------+--------+---------+------------+----------+
/// | checksum  | writer | tenant |  page   | generation | sequence |
/// +-----------+--------+--------+---------+------------+----------+
/// </code>
/// </remarks>
internal readonly record struct TenantWord(int Tenant, int Page, int Writer, int Generation, int Sequence)
{
    internal const int MostPages = 1 << PageBits;
    internal const int MostSequence = (1 << SequenceBits) - 1;

    private const int SequenceBits = 20;
    private const int GenerationBits = 16;
    private const int PageBits = 10;
    private const int TenantBits = 3;
    private const int WriterBits = 3;
    private const int ChecksumShift = SequenceBits + GenerationBits + PageBits + TenantBits + WriterBits;

    /// <summary>What grows with every write to one word, also over the times that its page was dropped.</summary>
    internal long Age => ((long)Generation << SequenceBits) | (uint)Sequence;

    /// <summary>The word as it stands in memory.</summary>
    internal ulong Pack()
    {
        ulong content = (uint)Writer;
        content = (content << TenantBits) | (uint)Tenant;
        content = (content << PageBits) | (uint)Page;
        content = (content << GenerationBits) | (ushort)Generation;
        content = (content << SequenceBits) | (uint)Sequence;
        return Sealed(content);
    }

    /// <summary>Reads a word; null for zero.</summary>
    /// <exception cref="InvalidOperationException">The checksum is wrong: the word is torn, or not one of ours.</exception>
    internal static TenantWord? Unpack(ulong word)
    {
        if (word == 0)
            return null;
        ulong content = word & ((1UL << ChecksumShift) - 1);
        if (Sealed(content) != word)
            throw new InvalidOperationException($"The word {word:x16} is torn, or none that was written here.");
        return new TenantWord(
            (int)(content >> (SequenceBits + GenerationBits + PageBits)) & ((1 << TenantBits) - 1),
            (int)(content >> (SequenceBits + GenerationBits)) & (MostPages - 1),
            (int)(content >> (SequenceBits + GenerationBits + PageBits + TenantBits)),
            (int)(content >> SequenceBits) & ((1 << GenerationBits) - 1),
            (int)content & MostSequence);
    }

    private static ulong Sealed(ulong content) => content | (((content + 1) * 0x9e37_79b9_7f4a_7c15UL) >> ChecksumShift << ChecksumShift);
}
