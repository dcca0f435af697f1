namespace PageShift.AddressSpaces;

/// <summary>For whom pages are populated, which decides with what access and what a failure means.</summary>
internal enum PopulateMode
{
    /// <summary>mmap(MAP_POPULATE), mremap of a locked mapping, mlockall: each mapping as <see cref="Lock"/> does; a mapping that fails is left, and the next one goes on. Holes are skipped.</summary>
    BestEffort,

    /// <summary>mlock: private writable pages are made the mapping's own, all others are read. Holes are skipped; the first page that fails stops it.
    /// Mappings that are locked on fault are left alone.</summary>
    Lock,

    /// <summary>madvise(MADV_POPULATE_READ): pages are read; a hole or a failure stops it.</summary>
    Read,

    /// <summary>madvise(MADV_POPULATE_WRITE): pages are made writable as by a write; a hole or a failure stops it.</summary>
    Write,
}
