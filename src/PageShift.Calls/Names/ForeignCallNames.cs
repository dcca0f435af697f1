namespace PageShift.Calls.Names;

/// <summary>The names of Linux's system calls that x86-64 does not have: those of 32-bit programs and of other processors, and names that only strace uses (old_select).</summary>
/// <remarks>Sources: the names that glibc knows for any processor (<c>bits/syscall.h</c>), and the kernel's headers <c>asm/unistd_32.h</c>, <c>asm/unistd_x32.h</c> and
/// <c>asm-generic/unistd.h</c>, of Linux 6.1. Those with the arguments of a call of x86-64 are not here.</remarks>
internal static class ForeignCallNames
{
    /// <summary>Calls that change mappings, or may: what they do is not modelled. ipc and multiplexer are several calls in one, shmat among them.</summary>
    public static readonly string[] OfMemory =
    [
        "alloc_hugepages", "clone2", "exec_with_loader", "execv", "free_hugepages", "ipc", "multiplexer", "osf_execve", "osf_mremap", "osf_sbrk", "osf_shmat",
        "osf_sstk", "osf_syscall", "subpage_prot", "syscall",
    ];

    /// <summary>Calls that leave mappings alone.</summary>
    public static readonly string[] Harmless = Block.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    // Of those that do not say so at their end.
    private static readonly string[] NarrowNames =
    [
        "_llseek", "_newselect", "fstat64", "fstatat64", "fstatfs64", "lstat64", "sendfile64", "set_tls", "stat64", "statfs64", "truncate64", "vm86", "vm86old", "waitpid",
    ];

    /// <summary>True for a call that takes the place of one of 64-bit programs: of user ids that do not fit 16 bits, of times and of files that do not fit 32.</summary>
    public static bool IsOf32Bit(string name) =>
        name.EndsWith("id32", StringComparison.Ordinal) || name.EndsWith("own32", StringComparison.Ordinal) || name.EndsWith("_time64", StringComparison.Ordinal) || NarrowNames.Contains(name);

    private const string Block = """
        FAST_atomic_update FAST_cmpxchg FAST_cmpxchg64 _llseek _newselect acl_get acl_set arc_gettls arc_settls
        arc_usr_cmpxchg arm_fadvise64_64 arm_sync_file_range atomic_barrier atomic_cmpxchg_32 attrctl bdflush break
        breakpoint cachectl cacheflush chown32 clock_adjtime64 clock_getres_time64 clock_gettime64
        clock_nanosleep_time64 clock_settime64 cmpxchg_badaddr dipc fadvise64_64 fchown32 fp_udfiex_crtl fstat64
        fstatat64 fstatfs64 ftime futex_time64 get_tls getdomainname getdtablesize getegid32
        getgid32 getgroups32 gethostname getpagesize getresgid32 getresuid32 getuid32 getunwind getxgid getxpid getxuid
        gtty idle io_pgetevents_time64 kern_features lchown32 llseek lock lstat64 memory_ordering mpx
        mq_timedreceive_time64 mq_timedsend_time64 nice old_adjtimex old_getpagesize old_getrlimit old_readdir
        old_select oldfstat oldlstat oldolduname oldselect oldstat oldumount olduname or1k_atomic osf_adjtime
        osf_afs_syscall osf_alt_plock osf_alt_setsid osf_alt_sigpending osf_asynch_daemon osf_audcntl osf_audgen
        osf_chflags osf_exportfs osf_fchflags osf_fdatasync osf_fpathconf osf_fstat osf_fstatfs osf_fstatfs64 osf_fuser
        osf_getaddressconf osf_getdirentries osf_getdomainname osf_getfh osf_getfsstat osf_gethostid osf_getitimer
        osf_getlogin osf_getmnt osf_getrusage osf_getsysinfo osf_gettimeofday osf_kloadcall osf_kmodcall osf_lstat
        osf_memcntl osf_mincore osf_mount osf_msfs_syscall osf_msleep osf_mvalid osf_mwakeup osf_naccept osf_nfssvc
        osf_ngetpeername osf_ngetsockname osf_nrecvfrom osf_nrecvmsg osf_nsendmsg osf_ntp_adjtime osf_ntp_gettime
        osf_old_creat osf_old_fstat osf_old_getpgrp osf_old_killpg osf_old_lstat osf_old_open osf_old_sigaction
        osf_old_sigblock osf_old_sigreturn osf_old_sigsetmask osf_old_sigvec osf_old_stat osf_old_vadvise osf_old_vtrace
        osf_old_wait osf_oldquota osf_pathconf osf_pid_block osf_pid_unblock osf_plock osf_priocntlset osf_profil
        osf_proplist_syscall osf_reboot osf_revoke osf_security osf_select osf_set_program_attributes
        osf_set_speculative osf_sethostid osf_setitimer osf_setlogin osf_setsysinfo osf_settimeofday osf_signal
        osf_sigprocmask osf_sigsendset osf_sigstack osf_sigwaitprim osf_stat osf_statfs osf_statfs64 osf_subsys_info
        osf_swapctl osf_swapon osf_sysinfo osf_table osf_uadmin osf_usleep_thread osf_uswitch osf_utc_adjtime
        osf_utc_gettime osf_utimes osf_utsname osf_wait4 osf_waitid pciconfig_iobase pciconfig_read pciconfig_write
        perfctr perfmonctl ppoll_time64 prof profil pselect6_time64 readdir recv recvmmsg_time64 riscv_flush_icache
        rt_sigtimedwait_time64 rtas s390_guarded_storage s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr
        s390_sthyi sched_get_affinity sched_rr_get_interval_time64 sched_set_affinity semtimedop_time64 send sendfile64
        set_tls setfsgid32 setfsuid32 setgid32 setgroups32 sethae setpgrp setregid32 setresgid32
        sgetmask sigaction signal sigpending sigprocmask sigreturn sigsuspend socketcall spu_create spu_run
        ssetmask stat64 statfs64 stime stty swapcontext switch_endian sync_file_range2 sys_debug_setcontext
        sys_epoll_create sys_epoll_ctl sys_epoll_wait sysmips timer_gettime64 timer_settime64 timerfd timerfd_gettime64
        timerfd_settime64 truncate64 udftrap ulimit umount usr26 usr32 utimensat_time64 utrap_install vm86
        vm86old waitpid
        """;
}
