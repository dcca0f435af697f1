namespace PageShift.Memory;

/// <summary>A run of whole pages of a buffer.</summary>
/// <param name="Offset">Where it begins, in bytes: a multiple of the page size.</param>
/// <param name="Length">Its bytes: a multiple of the page size.</param>
/// <remarks>Immutable, thread-safe.</remarks>
public readonly record struct PageRange(long Offset, long Length)
{
    /// <summary>The offset after its last byte.</summary>
    public long End => Offset + Length;
}

/// <summary>Where a range went.</summary>
/// <param name="From">Where it was.</param>
/// <param name="To">Where it is; the same when it stayed.</param>
/// <param name="Length">Its bytes.</param>
/// <remarks>Immutable, thread-safe.</remarks>
public readonly record struct PageRelocation(long From, long To, long Length);
