namespace PageShift.Mappings;

/// <summary>The alignment for large pages that Linux gives a range, by what it will show.</summary>
internal enum LargePageAlignment
{
    /// <summary>None: shared anonymous memory, memfd (with large shmem pages off), other files.</summary>
    None,

    /// <summary>Private anonymous memory: aligned when there is no hint and the length is a multiple of the span.</summary>
    Anonymous,

    /// <summary>A file of a file system that asks for it (ext4): congruent to the offset in the file, when the range
    /// holds a whole aligned span of the file.</summary>
    File,
}
