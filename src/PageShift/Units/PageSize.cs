namespace PageShift.Units;

/// <summary>The size of a base page and of a page table: 4 KiB in every geometry.</summary>
public static class PageSize
{
    /// <summary>The base-2 logarithm of <see cref="Bytes"/>.</summary>
    public const int Shift = 12;

    /// <summary>The bytes of one page.</summary>
    public const ulong Bytes = 1UL << Shift;

    /// <summary>The length of one page.</summary>
    public static ByteLength Length => new(Bytes);

    /// <summary>A number of bytes rounded up to whole pages, modulo 2^64 as the kernel reckons.</summary>
    internal static ulong RoundUpWrapping(ulong length) => RoundUpWrapping(length, Bytes);

    /// <summary>The same up to whole pages of <paramref name="page"/> bytes, a power of two.</summary>
    internal static ulong RoundUpWrapping(ulong length, ulong page) => unchecked(length + (page - 1)) & ~(page - 1);
}
