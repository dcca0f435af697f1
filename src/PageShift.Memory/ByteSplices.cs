namespace PageShift.Memory;

/// <summary>Inserting and removing bytes at any offset of a buffer: by pages where the count is a multiple of the page size, with a copy of less than a page, else by copying.</summary>
internal static class ByteSplices
{
    /// <summary>Opens a gap of undefined content in the first <paramref name="used"/> bytes. The buffer grows as far as it takes.</summary>
    internal static void Insert(PageBuffer buffer, long used, long offset, long count)
    {
        if (count == 0)
            return;
        buffer.ThrowIfLeased();
        long page = buffer.PageSize;
        long firstPage = RoundUp(offset, page);
        if (count % page == 0 && firstPage <= buffer.Length)
        {
            EnsureCapacity(buffer, Sum(buffer.Length, count));
            buffer.Insert(firstPage, count);
            Copy(buffer, offset, offset + count, Math.Min(firstPage, used) - offset);
            return;
        }

        EnsureLength(buffer, Sum(used, count));
        Copy(buffer, offset, offset + count, used - offset);
    }

    /// <summary>Takes bytes out of the first <paramref name="used"/>. What is behind the rest is undefined.</summary>
    internal static void Remove(PageBuffer buffer, long used, long offset, long count)
    {
        if (count == 0)
            return;
        buffer.ThrowIfLeased(); // before the first byte changes
        long page = buffer.PageSize;
        long firstPage = RoundUp(offset, page);
        if (count % page == 0 && firstPage + count <= buffer.Length)
        {
            Copy(buffer, offset + count, offset, Math.Min(firstPage, used - count) - offset);
            buffer.Remove(firstPage, count);
            return;
        }

        Copy(buffer, offset + count, offset, used - offset - count);
    }

    /// <summary>Makes the buffer long enough for <paramref name="length"/> bytes, with some to spare, so that growing step by step takes few calls.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room, or no system has.</exception>
    internal static void EnsureLength(PageBuffer buffer, long length)
    {
        const long MostAhead = 1 << 20;
        if (length <= buffer.Length)
            return;
        CheckLength(length);
        long ahead = Math.Min(Math.Max(buffer.Length, buffer.PageSize), MostAhead);
        long wanted = RoundUp(Math.Max(length, buffer.Length + ahead), buffer.PageSize);
        EnsureCapacity(buffer, wanted);
        buffer.Resize(wanted);
    }

    /// <summary>Makes the pages of bytes that are about to be written present in one call, where they are many: a fault for each would take longer.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="offset">Where they will be written.</param>
    /// <param name="count">How many.</param>
    /// <param name="touched">All bytes up to here are present already.</param>
    /// <returns>Up to where bytes are present now.</returns>
    internal static long Populate(PageBuffer buffer, long offset, long count, long touched)
    {
        const long Fewest = 64 << 10;
        long start = Math.Max(offset, touched);
        if (offset + count - start >= Fewest)
            buffer.Populate(start, offset + count - start);
        return Math.Max(touched, offset + count);
    }

    /// <summary>Copies bytes within the buffer, which may overlap.</summary>
    internal static void Copy(PageBuffer buffer, long from, long to, long length)
    {
        if (length > 0)
            buffer.CopyWithin(from, to, length);
    }

    /// <summary>The sum of two lengths; the largest number where it is beyond that, which no buffer gets as long as.</summary>
    internal static long Sum(long first, long second) => first > long.MaxValue - second ? long.MaxValue : first + second;

    /// <summary>A length times a size, in the same way.</summary>
    internal static long Product(long count, int size) => count > long.MaxValue / size ? long.MaxValue : count * size;

    private static void EnsureCapacity(PageBuffer buffer, long length)
    {
        CheckLength(length);
        if (length <= buffer.Capacity)
            return;
        try
        {
            buffer.Reserve(2 * length);
        }
        catch (InsufficientMemoryException)
        {
            buffer.Reserve(length); // there may be room for what is needed, where there is none to spare
        }
    }

    /// <summary>Refuses what is longer than any address space, before roundings and doublings of it overflow.</summary>
    private static void CheckLength(long length)
    {
        const long Most = 1L << 56;
        if (length > Most)
            throw new InsufficientMemoryException($"No system has room for a length of {length} bytes.");
    }

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
