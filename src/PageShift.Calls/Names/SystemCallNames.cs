using System.Globalization;
using System.Text;
using PageShift.Abi;
using PageShift.SystemCalls;

namespace PageShift.Calls.Names;

/// <summary>Which form a call's arguments have in a log.</summary>
internal enum CallForm : byte
{
    /// <summary>The arguments are passed over.</summary>
    Ignored,

    /// <summary>Numbers and flags, as the call's <see cref="CallSignature"/> lists them.</summary>
    Numbers,

    /// <summary>open(path, flags, ...).</summary>
    Open,

    /// <summary>openat(directory, path, flags, ...).</summary>
    OpenAt,

    /// <summary>openat2(directory, path, {flags=...}, size).</summary>
    OpenAt2,

    /// <summary>creat(path, mode).</summary>
    Create,

    /// <summary>memfd_create(name, flags).</summary>
    MemoryFile,

    /// <summary>memfd_secret(flags).</summary>
    SecretFile,

    /// <summary>close(fd).</summary>
    Close,

    /// <summary>close_range(first, last, flags).</summary>
    CloseRange,

    /// <summary>dup(fd), dup2(fd, new), dup3(fd, new, flags).</summary>
    Duplicate,

    /// <summary>fcntl(fd, command, ...).</summary>
    FileControl,

    /// <summary>fork().</summary>
    Fork,

    /// <summary>vfork().</summary>
    VFork,

    /// <summary>clone(child_stack=..., flags=..., ...), or raw with the flags first.</summary>
    Clone,

    /// <summary>clone3({flags=..., exit_signal=..., ...}, size), or raw with a bare address.</summary>
    Clone3,

    /// <summary>setrlimit(resource, {rlim_cur=..., ...}), and getrlimit, which shows it.</summary>
    SetLimit,

    /// <summary>prlimit64(pid, resource, {rlim_cur=..., ...} or NULL, {rlim_cur=..., ...} or NULL).</summary>
    ProcessLimit,

    /// <summary>prctl(option, ...): numbers, if the option concerns memory.</summary>
    Control,

    /// <summary>capset({..., pid=...}, {effective=..., ...}), and capget, which shows them.</summary>
    Capabilities,

    /// <summary>execve(path, ...).</summary>
    Execute,

    /// <summary>execveat(directory, path, ...).</summary>
    ExecuteAt,
}

/// <summary>A name in a log: which call it is and how its arguments are written.</summary>
/// <param name="Name">The name.</param>
/// <param name="Number">Which call it is; several names may stand for one.</param>
/// <param name="Form">Which form its arguments have.</param>
/// <param name="Signature">Its arguments, where the form is <see cref="CallForm.Numbers"/>.</param>
/// <param name="IsModelled">True when the execution of a log makes it.</param>
internal readonly record struct NamedCall(string Name, SystemCallNumber Number, CallForm Form, CallSignature? Signature, bool IsModelled)
{
    /// <summary>True for a call that only 32-bit programs make.</summary>
    public bool Is32Bit { get; init; }

    /// <summary>True for a call that changes mappings, or makes or replaces an address space: leaving it out falsifies what follows. Without a name it is false.</summary>
    public bool ChangesMemory => IsModelled
        ? Number is SystemCallNumber.Clone or SystemCallNumber.Execute || Number < 0 || SystemCallTable.Find(Number) is { Effect: not (CallEffect.None or CallEffect.Hides) }
        : Name is not null && new SystemCall(Number, default).Standing == CallStanding.Unmodelled;
}

/// <summary>The names of Linux's system calls, and of the pseudo-calls: those of x86-64 with their numbers, and those of other processors (<see cref="ForeignCallNames"/>).
/// Source: <c>arch/x86/entry/syscalls/syscall_64.tbl</c> of Linux 6.18 (names and numbers).</summary>
internal static class SystemCallNames
{
    private const int SecondBlockStart = 424;
    private const int NumberCount = 512;

    /// <summary>strace writes the calls that it does not know as this and the number in hexadecimal.</summary>
    private static ReadOnlySpan<byte> UnnamedPrefix => "syscall_0x"u8;

    /// <summary>Old versions of strace write this and the number in decimal.</summary>
    private static ReadOnlySpan<byte> OldUnnamedPrefix => "SYS_"u8;

    /// <summary>From number 0.</summary>
    private const string FirstBlock = """
        read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
        ioctl pread64 pwrite64 readv writev access pipe select sched_yield mremap msync mincore madvise shmget shmat shmctl
        dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg
        recvmsg shutdown bind listen getsockname getpeername socketpair setsockopt getsockopt clone fork vfork execve exit
        wait4 kill uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl fcntl flock fsync fdatasync truncate ftruncate
        getdents getcwd chdir fchdir rename mkdir rmdir creat link unlink symlink readlink chmod fchmod chown fchown lchown
        umask gettimeofday getrlimit getrusage sysinfo times ptrace getuid syslog getgid setuid setgid geteuid getegid
        setpgid getppid getpgrp setsid setreuid setregid getgroups setgroups setresuid getresuid setresgid getresgid getpgid
        setfsuid setfsgid getsid capget capset rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime
        mknod uselib personality ustat statfs fstatfs sysfs getpriority setpriority sched_setparam sched_getparam
        sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval mlock
        munlock mlockall munlockall vhangup modify_ldt pivot_root _sysctl prctl arch_prctl adjtimex setrlimit chroot sync
        acct settimeofday mount umount2 swapon swapoff reboot sethostname setdomainname iopl ioperm create_module init_module
        delete_module get_kernel_syms query_module quotactl nfsservctl getpmsg putpmsg afs_syscall tuxcall security gettid
        readahead setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr
        lremovexattr fremovexattr tkill time futex sched_setaffinity sched_getaffinity set_thread_area io_setup io_destroy
        io_getevents io_submit io_cancel get_thread_area lookup_dcookie epoll_create epoll_ctl_old epoll_wait_old
        remap_file_pages getdents64 set_tid_address restart_syscall semtimedop fadvise64 timer_create timer_settime
        timer_gettime timer_getoverrun timer_delete clock_settime clock_gettime clock_getres clock_nanosleep exit_group
        epoll_wait epoll_ctl tgkill utimes vserver mbind set_mempolicy get_mempolicy mq_open mq_unlink mq_timedsend
        mq_timedreceive mq_notify mq_getsetattr kexec_load waitid add_key request_key keyctl ioprio_set ioprio_get
        inotify_init inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat futimesat newfstatat
        unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll unshare set_robust_list
        get_robust_list splice tee sync_file_range vmsplice move_pages utimensat epoll_pwait signalfd timerfd_create eventfd
        fallocate timerfd_settime timerfd_gettime accept4 signalfd4 eventfd2 epoll_create1 dup3 pipe2 inotify_init1 preadv
        pwritev rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init fanotify_mark prlimit64 name_to_handle_at
        open_by_handle_at clock_adjtime syncfs sendmmsg setns getcpu process_vm_readv process_vm_writev kcmp finit_module
        sched_setattr sched_getattr renameat2 seccomp getrandom memfd_create kexec_file_load bpf execveat userfaultfd
        membarrier mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx io_pgetevents rseq
        uretprobe uprobe
        """;

    /// <summary>From number 424.</summary>
    private const string SecondBlock = """
        pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick
        pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd
        landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv
        set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount
        lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat
        open_tree_attr file_getattr file_setattr
        """;

    private static readonly CallParameter Address = new("addr", ArgumentForm.Address);
    private static readonly CallParameter Length = new("length", ArgumentForm.Length);
    private static readonly CallParameter User = new("uid", ArgumentForm.Signed);
    private static readonly CallParameter Status = new("status", ArgumentForm.Signed);

    /// <summary>The calls whose arguments are numbers and that are no memory calls.</summary>
    private static readonly (string Name, SystemCallNumber Number, CallParameter[] Parameters)[] OfNumbers =
    [
        ("memset", PseudoCall.MemorySet, [Address, new("byte", ArgumentForm.Number), Length]),
        ("memread", PseudoCall.MemoryRead, [Address, Length]),
        ("present", PseudoCall.Present, [Address, Length, new("span", ArgumentForm.Length) { IsOptional = true }]),
        ("absent", PseudoCall.Absent, []),
        ("anon_vma", PseudoCall.AnonVma, [Address]),
        ("mapping", PseudoCall.Mapping, [Address, Length, new("flags", ArgumentForm.Flags, FlagNames.Mapping), new("fd", ArgumentForm.FileDescriptor), new("pgoff", ArgumentForm.Number)]),
        ("relocate_vma_down", PseudoCall.RelocateDown, [Address, Length, new("shift", ArgumentForm.Length)]),
        ("ftruncate", SystemCallNumber.Truncate, [new("fd", ArgumentForm.FileDescriptor), Length]),
        ("ftruncate64", SystemCallNumber.Truncate, [new("fd", ArgumentForm.FileDescriptor), Length]),
        ("setuid", SystemCallNumber.SetUser, [User]),
        ("setreuid", SystemCallNumber.SetUsers, [User, User]),
        ("setresuid", SystemCallNumber.SetAllUsers, [User, User, User]),
        ("geteuid", SystemCallNumber.GetEffectiveUser, []),
        ("unshare", SystemCallNumber.Unshare, [new("flags", ArgumentForm.Flags, ProcessFlagNames.CloneFlags)]),
        ("exit", SystemCallNumber.Exit, [Status]),
        ("exit_group", SystemCallNumber.ExitGroup, [Status]),
    ];

    /// <summary>The calls whose arguments have forms of their own. The first of each number is the one that is written.</summary>
    private static readonly (string Name, SystemCallNumber Number, CallForm Form)[] OfForms =
    [
        ("setrlimit", SystemCallNumber.SetLimit, CallForm.SetLimit),
        ("prlimit64", SystemCallNumber.SetLimit, CallForm.ProcessLimit),
        ("getrlimit", SystemCallNumber.SetLimit, CallForm.SetLimit),
        ("capset", SystemCallNumber.SetCapabilities, CallForm.Capabilities),
        ("capget", SystemCallNumber.GetCapabilities, CallForm.Capabilities),
        ("clone3", SystemCallNumber.Clone, CallForm.Clone3),
        ("clone", SystemCallNumber.Clone, CallForm.Clone),
        ("fork", SystemCallNumber.Clone, CallForm.Fork),
        ("vfork", SystemCallNumber.Clone, CallForm.VFork),
        ("execve", SystemCallNumber.Execute, CallForm.Execute),
        ("execveat", SystemCallNumber.Execute, CallForm.ExecuteAt),
        ("openat", SystemCallNumber.OpenFile, CallForm.OpenAt),
        ("open", SystemCallNumber.OpenFile, CallForm.Open),
        ("openat2", SystemCallNumber.OpenFile, CallForm.OpenAt2),
        ("creat", SystemCallNumber.OpenFile, CallForm.Create),
        ("memfd_create", SystemCallNumber.OpenFile, CallForm.MemoryFile),
        ("memfd_secret", SystemCallNumber.OpenFile, CallForm.SecretFile),
        ("close", SystemCallNumber.CloseFile, CallForm.Close),
        ("close_range", SystemCallNumber.CloseFile, CallForm.CloseRange),
        ("dup", SystemCallNumber.DuplicateFile, CallForm.Duplicate),
        ("dup2", SystemCallNumber.DuplicateFile, CallForm.Duplicate),
        ("dup3", SystemCallNumber.DuplicateFile, CallForm.Duplicate),
        ("fcntl", SystemCallNumber.DuplicateFile, CallForm.FileControl),
        ("fcntl64", SystemCallNumber.DuplicateFile, CallForm.FileControl),
    ];

    private static readonly NamedCall[] Calls;
    private static readonly SymbolTable Indexes;

    // By the kernel's number, and behind these by those of the pseudo-calls.
    private static readonly int[] IndexesByNumber = new int[NumberCount + PseudoCall.Count];

    static SystemCallNames()
    {
        var calls = new List<NamedCall>();
        var indexes = new Dictionary<string, int>();
        Array.Fill(IndexesByNumber, -1);
        foreach (SystemCallDescription call in SystemCallTable.All)
            Add(new NamedCall(call.Name, call.Number, !call.IsModelled ? CallForm.Ignored : call.Number == SystemCallNumber.ControlProcess ? CallForm.Control : CallForm.Numbers, new CallSignature(call.Parameters), call.IsModelled));
        foreach ((string name, SystemCallNumber number, CallParameter[] parameters) in OfNumbers)
            Add(new NamedCall(name, number, CallForm.Numbers, new CallSignature(parameters), IsModelled: true));
        foreach ((string name, SystemCallNumber number, CallForm form) in OfForms)
            Add(new NamedCall(name, number, form, null, IsModelled: number != PseudoCall.Unknown));
        AddBlock(FirstBlock, 0);
        AddBlock(SecondBlock, SecondBlockStart);
        // The mmap of 32-bit programs: strace writes the offset in bytes.
        foreach (string name in (string[])["mmap2", "old_mmap"])
            Add(calls[indexes["mmap"]] with { Name = name, Is32Bit = true });
        foreach ((string name, string narrow) in ((string, string)[])[("setuid", "setuid32"), ("setreuid", "setreuid32"), ("setresuid", "setresuid32"), ("geteuid", "geteuid32"), ("getrlimit", "ugetrlimit")])
            Add(calls[indexes[name]] with { Name = narrow, Is32Bit = true });
        foreach (string name in ForeignCallNames.OfMemory)
            Add(new NamedCall(name, PseudoCall.ForeignMemory, CallForm.Ignored, null, IsModelled: false));
        foreach (string name in ForeignCallNames.Harmless)
            Add(new NamedCall(name, PseudoCall.Foreign, CallForm.Ignored, null, IsModelled: false) { Is32Bit = ForeignCallNames.IsOf32Bit(name) });
        Calls = [.. calls];
        Indexes = new SymbolTable([.. indexes.Select(pair => (pair.Key, (ulong)pair.Value))]);

        void AddBlock(string names, int number)
        {
            foreach (string name in names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (!indexes.ContainsKey(name))
                    Add(new NamedCall(name, (SystemCallNumber)number, CallForm.Ignored, null, IsModelled: false));
                IndexesByNumber[number++] = indexes[name];
            }
        }

        void Add(NamedCall call)
        {
            if (call.Number < 0)
                IndexesByNumber[SlotOf(call.Number)] = calls.Count;
            indexes.Add(call.Name, calls.Count);
            calls.Add(call);
        }
    }

    /// <summary>True when the execution of a log makes a call of that number.</summary>
    public static bool IsModelled(SystemCallNumber number) => TryFind(number, out NamedCall call) && call.IsModelled && call.Number == number;

    /// <summary>How the arguments of a call are written; null where they have a form of their own or are not known.</summary>
    public static CallSignature? SignatureOf(SystemCallNumber number) => TryFind(number, out NamedCall call) && call.Form == CallForm.Numbers ? call.Signature : null;

    /// <summary>How prctl is written where its option concerns memory.</summary>
    public static CallSignature ControlSignature { get; } = new(SystemCallTable.Find(SystemCallNumber.ControlProcess)!.Parameters);

    /// <summary>The name by which a call is written; as strace names those that it does not know, where there is none here.</summary>
    public static string OfNumber(SystemCallNumber number)
    {
        if (number == PseudoCall.Unknown)
            return "";
        return TryFind(number, out NamedCall call) ? call.Name : string.Create(CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(UnnamedPrefix)}{(long)number:x}");
    }

    private static bool TryFind(SystemCallNumber number, out NamedCall call)
    {
        int index = (long)number is < -PseudoCall.Count or >= NumberCount ? -1 : IndexesByNumber[SlotOf(number)];
        call = index < 0 ? default : Calls[index];
        return index >= 0;
    }

    private static int SlotOf(SystemCallNumber number) => number >= 0 ? (int)number : NumberCount - 1 - (int)number;

    /// <summary>The call of a name, also of <c>syscall_0x1ce</c>.</summary>
    /// <param name="name">The name in a log.</param>
    /// <param name="call">The call; default when the name is not known.</param>
    /// <param name="isRaw">True when the name is a bare number, behind which strace writes all six registers.</param>
    public static bool TryFind(ReadOnlySpan<byte> name, out NamedCall call, out bool isRaw)
    {
        isRaw = false;
        if (Indexes.TryFind(name, out ulong index))
        {
            call = Calls[index];
            return true;
        }

        if (TryGetNumber(name, out ulong number) && number < NumberCount && IndexesByNumber[number] is var ofNumber && ofNumber >= 0)
        {
            isRaw = true;
            call = Calls[ofNumber];
            return true;
        }

        call = default;
        return false;
    }

    /// <summary>True for what strace writes in place of a name: the number, or question marks where the thread died before that could be read.</summary>
    public static bool IsUnnamed(ReadOnlySpan<byte> name) => name[0] == '?' || TryGetNumber(name, out _);

    /// <summary>True when a known name ends with <paramref name="end"/>, and is longer: a log that begins in the middle of a line begins so.</summary>
    public static bool IsEndOfName(ReadOnlySpan<byte> end)
    {
        string text = Encoding.UTF8.GetString(end);
        return Calls.Any(call => call.Name.Length > text.Length && call.Name.EndsWith(text, StringComparison.Ordinal));
    }

    private static bool TryGetNumber(ReadOnlySpan<byte> name, out ulong number)
    {
        if (name.StartsWith(UnnamedPrefix))
            return ulong.TryParse(name[UnnamedPrefix.Length..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
        number = 0;
        return name.StartsWith(OldUnnamedPrefix) && ulong.TryParse(name[OldUnnamedPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
