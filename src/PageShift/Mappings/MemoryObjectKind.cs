namespace PageShift.Mappings;

/// <summary>What stands behind a <see cref="MemoryObject"/>.</summary>
internal enum MemoryObjectKind
{
    /// <summary>A file on a disk file system: pages are read in on demand.</summary>
    File,

    /// <summary>A memfd, or a file on tmpfs: pages are zero until they are written.</summary>
    Memory,

    /// <summary>The hidden object of one shared anonymous mapping. It is as long as the mapping was when it was made; a mapping that grows past it
    /// gets SIGBUS there, as on Linux.</summary>
    SharedAnonymous,

    /// <summary>A file of memfd_secret: its mappings are shared, locked, left out of core dumps, and never executable.</summary>
    SecretMemory,

    /// <summary>/dev/zero: a private mapping of it is anonymous memory that merely remembers the file.</summary>
    ZeroDevice,
}
