using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>How an address space is made. The defaults are Linux 6.18 on x86-64 without randomisation, with PageShift's mover.</summary>
public sealed record AddressSpaceOptions
{
    /// <summary>The shape of the page tables.</summary>
    public PagingGeometry Geometry { get; init; } = PagingGeometry.X86;

    /// <summary>How moves are made.</summary>
    public MovePolicy Policy { get; init; } = MovePolicy.PageShift;

    /// <summary>Which Linux the calls behave as. How page tables move is <see cref="Policy"/>'s.</summary>
    public KernelProfile Kernel { get; init; } = KernelProfile.Default;

    /// <summary>What the processor's Linux moves under its policies.</summary>
    internal TableMoveSupport TableMoves { get; init; } = TableMoveSupport.X86;

    /// <summary>How a destination is chosen when a call leaves it open.</summary>
    public Placement Placement { get; init; } = Placement.Linux;

    /// <summary>The lowest address that a search returns and that a hint is raised to (Linux's effective mmap_min_addr). Null for Linux's 65536, or 0 in a toy
    /// geometry. A multiple of 4 KiB.</summary>
    public VirtualAddress? MinimumAddress { get; init; }

    /// <summary>The lowest address that an unprivileged process may map (vm.mmap_min_addr). A multiple of 4 KiB.</summary>
    internal VirtualAddress LowestUnprivilegedAddress { get; init; } = new(PageSize.Bytes);

    /// <summary>Where the search for a free range begins, downwards (Linux's mmap_base). Null for 128 MiB below the window's end, or the end itself in a toy
    /// geometry. A multiple of 4 KiB in the geometry's user space.</summary>
    public VirtualAddress? MmapBase { get; init; }

    /// <summary>Where the heap that brk moves begins. Below 2^56; nothing can be in it where the geometry's user space ends before.</summary>
    public VirtualAddress BreakStart { get; init; } = new(0x5555_5555_8000);

    /// <summary>The length of the program's initialised data, which RLIMIT_DATA counts together with the heap (mm_struct's end_data - start_data).</summary>
    internal ByteLength ProgramData { get; init; }

    /// <summary>True when mappings that madvise(MADV_HUGEPAGE) asked it for fault in 2 MiB leaves (Linux's THP mode "madvise").</summary>
    public bool TransparentHugePages { get; init; } = true;

    /// <summary>True when all other private anonymous mappings do so too, unless they were told otherwise (Linux's THP mode "always").</summary>
    internal bool LargePagesUnasked { get; init; }

    /// <summary>True when the processor has protection keys and the kernel uses them: memory of <see cref="Abi.Protection.Execute"/> alone can then be executed and neither read nor written.
    /// Without them it can be read.</summary>
    public bool ProtectionKeys { get; init; }

    /// <summary>The mappings from which on no new one is made (vm.max_map_count).</summary>
    public int MaximumMapCount { get; init; } = 65530;

    /// <summary>The largest single charge of private writable memory (Linux's overcommit mode 0: memory plus swap). 2^64 - 1 for no limit.</summary>
    internal ByteLength CommitLimit { get; init; } = new(ulong.MaxValue);

    /// <summary>True when the process has CAP_IPC_LOCK and CAP_SYS_RAWIO, as root has.</summary>
    public bool IsPrivileged { get; init; } = true;

    /// <summary>The System V shared memory that its calls name; null for none yet, which it then shares with its children by fork.</summary>
    internal SegmentTable? Segments { get; init; }

    /// <summary>The resource limits to start with.</summary>
    public ResourceLimits Limits { get; init; } = new();
}
