using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.SystemCalls;

namespace PageShift.Linux.Tracing;

/// <summary>The system calls at which the tracer stops a program: those that strace's class <c>%memory</c> has, the later ones
/// mseal and map_shadow_stack, prctl where it names a mapping (names decide what merges), disables large pages, or forbids that memory
/// becomes executable, and ioctl where it registers a range with a userfaultfd, or ends that.</summary>
internal static class MemoryCalls
{
    /// <summary>PR_SET_VMA: prctl's first argument when it names a mapping.</summary>
    internal const uint NameMapping = 0x53564d41;

    /// <summary>mbind, which sets the memory policy of a range.</summary>
    internal const SystemCallNumber SetPolicy = (SystemCallNumber)CallNumber.Mbind;

    /// <summary>The first arguments of prctl at which the tracer stops.</summary>
    internal static readonly uint[] ControlOptions = [NameMapping, (uint)ControlOption.SetLargePagesDisabled, (uint)ControlOption.SetExecutionDenial];

    /// <summary>UFFDIO_REGISTER and UFFDIO_UNREGISTER: ioctl's second argument.</summary>
    internal static readonly uint[] UserFaultRequests = [0xC020AA00, 0x8010AA01];

    /// <summary>The bit that marks a number of the x32 interface.</summary>
    internal const uint X32Bit = 0x40000000;

    /// <summary>The 64-bit interface's calls, without prctl.</summary>
    internal static readonly long[] X64Numbers = [.. SystemCallTable.All.Select(call => (long)call.Number).Where(number => number != (long)CallNumber.Prctl).Order()];

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

    /// <summary>True when the 64-bit interface's call <paramref name="number"/> with these arguments is one at which the tracer stops.</summary>
    internal static bool Contains(CallNumber number, in CallArguments arguments) => number switch
    {
        CallNumber.Prctl => Array.IndexOf(ControlOptions, (uint)arguments.First) >= 0,
        CallNumber.Ioctl => Array.IndexOf(UserFaultRequests, (uint)arguments.Second) >= 0,
        _ => ContainsX64(number),
    };

    /// <summary>True for a number of the 64-bit interface, or of the x32 interface without its mark.</summary>
    internal static bool ContainsX64(CallNumber number) => Array.BinarySearch(X64Numbers, (long)number) >= 0;

    internal static bool ContainsI386(long number) => number is >= 0 and <= int.MaxValue && Array.IndexOf(I386Numbers, (int)number) >= 0;
}
