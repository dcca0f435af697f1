namespace PageShift.Memory.Kernel;

/// <summary>All that the library asks of the system below it: the memory calls in Linux's own terms, and accesses to the memory that they map.</summary>
/// <remarks>A call answers as Linux does: a value that is not negative, or a negated errno. Addresses and lengths are in bytes, and multiples of <see cref="PageSize"/> for all that
/// maps. Thread-safe, as the kernel is.</remarks>
internal interface IMemoryKernel
{
    /// <summary>The bytes of a page: 4, 16 or 64 KiB.</summary>
    ulong PageSize { get; }

    /// <summary>True when pages can be moved with <see cref="RemapOptions.DontUnmap"/>; else everything is done by copying.</summary>
    bool MovesPages { get; }

    /// <summary>True when <see cref="MovePages"/> works.</summary>
    bool MovesSinglePages { get; }

    /// <summary>mmap(2) of anonymous memory. Answers the address.</summary>
    long Map(ulong address, ulong length, PageAccess access, MapOptions options);

    /// <summary>munmap(2).</summary>
    long Unmap(ulong address, ulong length);

    /// <summary>mprotect(2).</summary>
    long Protect(ulong address, ulong length, PageAccess access);

    /// <summary>mremap(2). Answers the address where the mapping now is.</summary>
    long Remap(ulong old, ulong oldLength, ulong newLength, RemapOptions options, ulong @new);

    /// <summary>madvise(2).</summary>
    long Advise(ulong address, ulong length, PageAdvice advice);

    /// <summary>UFFDIO_MOVE: the pages of a range become those of an empty one, without a new mapping. Answers how many bytes have moved, from the start, which may be fewer than asked;
    /// or a negated errno when none has.</summary>
    long MovePages(ulong source, ulong destination, ulong length);

    /// <summary>Copies bytes as memmove does. Can't fail.</summary>
    void Copy(ulong source, ulong destination, ulong length);

    /// <summary>Stores zeroes. Can't fail.</summary>
    void Clear(ulong address, ulong length);

    /// <summary>Writes a byte back that it has read, so that its page is present and its mapping has an identity. Can't fail.</summary>
    void Touch(ulong address);

    /// <summary>True when all bytes are zero.</summary>
    bool IsZero(ulong address, ulong length);

    /// <summary>Reads bytes.</summary>
    void Read(ulong address, Span<byte> destination);

    /// <summary>Writes bytes.</summary>
    void Write(ulong address, ReadOnlySpan<byte> source);
}

/// <summary>Linux's PROT_ bits.</summary>
internal enum PageAccess
{
    /// <summary>PROT_NONE.</summary>
    None = 0,

    /// <summary>PROT_READ and PROT_WRITE.</summary>
    ReadWrite = 3,
}

/// <summary>Linux's MAP_ bits, as far as anonymous memory needs them.</summary>
[Flags]
internal enum MapOptions
{
    /// <summary>MAP_PRIVATE, MAP_ANONYMOUS and MAP_NORESERVE, at a place that the kernel chooses.</summary>
    Private = 0x4022,

    /// <summary>MAP_SHARED and MAP_ANONYMOUS, at a place that the kernel chooses.</summary>
    Shared = 0x0021,

    /// <summary>MAP_FIXED: at this address, in place of what is there.</summary>
    Fixed = 0x10,

    /// <summary>MAP_FIXED_NOREPLACE: at this address, or not at all.</summary>
    FixedNoReplace = 0x100000,
}

/// <summary>Linux's MREMAP_ bits.</summary>
[Flags]
internal enum RemapOptions
{
    /// <summary>MREMAP_MAYMOVE.</summary>
    MayMove = 1,

    /// <summary>MREMAP_FIXED: to this address, in place of what is there.</summary>
    Fixed = 2,

    /// <summary>MREMAP_DONTUNMAP: the source stays mapped, and reads as zeroes.</summary>
    DontUnmap = 4,

    /// <summary>A move that leaves no hole anywhere: neither end is ever unmapped, so no other thread's mapping can take its place.</summary>
    Move = MayMove | Fixed | DontUnmap,
}

/// <summary>Linux's MADV_ values.</summary>
internal enum PageAdvice
{
    /// <summary>MADV_NORMAL. Answers 0 exactly when all of the range is mapped.</summary>
    Normal = 0,

    /// <summary>MADV_DONTNEED: the pages go; the range reads as zeroes.</summary>
    DontNeed = 4,

    /// <summary>MADV_HUGEPAGE.</summary>
    HugePage = 14,

    /// <summary>MADV_NOHUGEPAGE.</summary>
    NoHugePage = 15,

    /// <summary>MADV_POPULATE_WRITE (Linux 5.14): all pages become present and writable.</summary>
    PopulateWrite = 23,
}
