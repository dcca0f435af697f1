using System.Buffers.Binary;

namespace PageShift.Verification.Oracle;

/// <summary>A page's whole content as one number: 0 for a page of zeroes; any other number stands at both ends of the page, and its lowest byte
/// everywhere between.</summary>
internal static class PageStamp
{
    private const int StampBytes = sizeof(ulong);

    /// <summary>Writes the content that <paramref name="stamp"/> stands for.</summary>
    internal static void Fill(Span<byte> page, ulong stamp)
    {
        page.Fill((byte)stamp);
        BinaryPrimitives.WriteUInt64LittleEndian(page, stamp);
        BinaryPrimitives.WriteUInt64LittleEndian(page[^StampBytes..], stamp);
    }

    /// <summary>True when a page holds what <paramref name="stamp"/> stands for, in every byte.</summary>
    internal static bool Matches(ReadOnlySpan<byte> page, ulong stamp) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page) == stamp
        && BinaryPrimitives.ReadUInt64LittleEndian(page[^StampBytes..]) == stamp
        && page[StampBytes..^StampBytes].IndexOfAnyExcept((byte)stamp) < 0;
}
