using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>The system calls at which the tracer stops a program: those that strace's class <c>%memory</c> has, the later ones
/// mseal and map_shadow_stack, and prctl where it names a mapping (names decide what merges).</summary>
public static class MemoryCalls
{
    /// <summary>PR_SET_VMA: prctl's first argument when it names a mapping.</summary>
    internal const uint NameMapping = 0x53564d41;

    /// <summary>prctl(option, ...).</summary>
    internal const int ProcessControl = 157;

    /// <summary>The bit that marks a number of the x32 interface.</summary>
    internal const uint X32Bit = 0x40000000;

    /// <summary>The 64-bit interface's numbers, without prctl. Source: <c>arch/x86/entry/syscalls/syscall_64.tbl</c>.</summary>
    internal static readonly int[] X64Numbers =
    [
        9, // mmap
        10, // mprotect
        11, // munmap
        12, // brk
        25, // mremap
        26, // msync
        27, // mincore
        28, // madvise
        30, // shmat
        67, // shmdt
        149, // mlock
        150, // munlock
        151, // mlockall
        152, // munlockall
        206, // io_setup
        207, // io_destroy
        216, // remap_file_pages
        237, // mbind
        238, // set_mempolicy
        239, // get_mempolicy
        256, // migrate_pages
        279, // move_pages
        325, // mlock2
        329, // pkey_mprotect
        440, // process_madvise
        448, // process_mrelease
        450, // set_mempolicy_home_node
        453, // map_shadow_stack
        462, // mseal
    ];

    /// <summary>The 32-bit interface's numbers. Source: <c>arch/x86/entry/syscalls/syscall_32.tbl</c>.</summary>
    internal static readonly int[] I386Numbers =
    [
        45, // brk
        90, // mmap, with its arguments in memory
        91, // munmap
        117, // ipc, which multiplexes shmat and shmdt
        125, // mprotect
        144, // msync
        150, // mlock
        151, // munlock
        152, // mlockall
        153, // munlockall
        163, // mremap
        192, // mmap2
        218, // mincore
        219, // madvise
        245, // io_setup
        246, // io_destroy
        257, // remap_file_pages
        274, // mbind
        275, // get_mempolicy
        276, // set_mempolicy
        294, // migrate_pages
        317, // move_pages
        376, // mlock2
        380, // pkey_mprotect
        397, // shmat
        398, // shmdt
        440, // process_madvise
        448, // process_mrelease
        450, // set_mempolicy_home_node
        462, // mseal
    ];

    /// <summary>True when the 64-bit interface's call <paramref name="number"/> with the first argument <paramref name="first"/> is one at
    /// which the tracer stops.</summary>
    public static bool Contains(SystemCallNumber number, ulong first) =>
        (long)number == ProcessControl ? (uint)first == NameMapping : Contains(X64Numbers, (long)number);

    internal static bool Contains(int[] numbers, long number) =>
        number is >= 0 and <= int.MaxValue && Array.IndexOf(numbers, (int)number) >= 0;
}
