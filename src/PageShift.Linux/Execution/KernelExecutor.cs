using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <summary>Runs memory system calls on the running kernel, in a process of its own whose address space holds nothing
/// but two small mappings near the end of user space. No sequence of calls can hurt the runner: the process has its own
/// mappings, limits, heap and locks, it survives its own faults, and its death is an answer
/// (<see cref="Refusal.ProcessEnded"/>), not an accident.
/// <para>The kernel may be left to choose addresses: what surrounds them is known (<see cref="Surroundings"/>), so that a
/// prediction can be compared; MAP_32BIT alone is random by design.</para>
/// <para>Not covered: the stack move of execve, which user space cannot ask for.</para>
/// Thread safety: none; one thread at a time. An executor made by <see cref="TryFork"/> is another executor and may be used by another thread.</summary>
public sealed partial class KernelExecutor : IDisposable
{
    /// <summary>What the process is called in /proc.</summary>
    internal const string ProcessName = "pageshift-host";

    private const ulong SetName = 15;
    private const uint CapabilityVersion = 0x20080522;

    private readonly HostProcess _host;
    private readonly KernelExecutorOptions _options;
    private readonly SharedObjects? _shared;
    private bool _locksFutureMappings;

    private KernelExecutor(HostProcess host, KernelExecutorOptions options, KernelSurroundings surroundings, SharedObjects? shared)
    {
        _host = host;
        _options = options;
        _shared = shared;
        Surroundings = surroundings;
    }

    /// <summary>What is in the address space before the first call.</summary>
    internal KernelSurroundings Surroundings { get; }

    /// <summary>The number of the process that makes the calls; it has one thread of the same number.</summary>
    public int ProcessId => _host.ProcessId;

    /// <summary>32 KiB of the executor's own memory that a call may use for its data, for example mincore's vector.
    /// <see cref="Read"/> and <see cref="Write"/> use it too, and so does every method of files.</summary>
    internal AddressRange Scratch => new(new VirtualAddress(_host.ScratchAddress), new ByteLength(HostLayout.ScratchBytes));

    /// <summary>True when objects that processes share are kept apart from the machine's, so that calls on them are made (<see cref="Refusal.ReachesOthers"/>).</summary>
    internal bool KeepsSharedApart => _shared is not null;

    /// <summary>True once it, or one forked from the same, has made an object that outlives processes, such as System V shared memory.</summary>
    internal bool HasMadeShared => _shared is { AreMade: true };

    /// <summary>False once a call found that the process has ended.</summary>
    internal bool IsAlive => _host.IsAlive;

    /// <summary>Starts a process with an empty address space.</summary>
    /// <param name="options">How to run calls; null for the defaults.</param>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    /// <returns>The executor, or null.</returns>
    public static KernelExecutor? TryStart(KernelExecutorOptions? options, out string? reason)
    {
        options ??= new KernelExecutorOptions();
        reason = PlatformSupport.MissingReason;
        HostProcess? host = reason is null ? HostProcess.TryStart(out reason) : null;
        if (host is null) return null;

        SharedObjects? shared = TryOwnNamespace(host) ? new SharedObjects() : null;
        reason = Prepare(host, options, out KernelSurroundings? surroundings);
        if (surroundings is not null && reason is null) return new KernelExecutor(host, options, surroundings, shared);
        host.Dispose();
        return null;
    }

    /// <summary>Makes one call with the kernel's own number and raw arguments.</summary>
    /// <param name="number">The call.</param>
    /// <param name="arguments">The registers.</param>
    /// <returns>The result; a call that the executor must not run is refused and changes nothing.</returns>
    public KernelOutcome Invoke(SystemCallNumber number, in CallArguments arguments = default)
    {
        Refusal refusal = Judge(number, arguments);
        if (refusal != Refusal.None) return new KernelOutcome(default, 0, refusal);
        if (!_host.Call((CallNumber)number, arguments, out CallResult result, out long nanoseconds))
            return new KernelOutcome(default, 0, Refusal.ProcessEnded);
        NoteFutureLocks(number, arguments.First, result);
        if (_shared is not null && !result.IsError && SystemCallTable.Find(number)!.ReturnsIdentifier) _shared.AreMade = true;
        return new KernelOutcome(result, nanoseconds, Refusal.None);
    }

    /// <summary>Forks the process: the new executor's address space is the kernel's copy of this one.</summary>
    /// <param name="child">The copy, or null when the fork failed.</param>
    /// <returns>The child's process number, or the error.</returns>
    /// <remarks>The copy costs about as much as a small process's fork, so that forking an untouched executor is the quick way
    /// to a fresh address space. It needs nothing that a limit on mappings or memory could refuse. 64 processes forked one from
    /// another can live at a time; one more is EAGAIN.</remarks>
    public CallResult TryFork(out KernelExecutor? child)
    {
        CallResult forked = _host.Fork(out HostProcess? host);
        child = host is null ? null : new KernelExecutor(host, _options, Surroundings, _shared);
        return forked;
    }

    /// <summary>Sets a soft limit of the process. The hard one stays, so that the limit can be raised again without a privilege, unless it must be raised too.</summary>
    /// <param name="resource">Which limit.</param>
    /// <param name="limit">The limit in bytes; <see cref="ulong.MaxValue"/> for none.</param>
    /// <returns>Zero, or the error.</returns>
    internal CallResult SetLimit(KernelResource resource, ulong limit)
    {
        CallResult read = Kernel.Prlimit64(ProcessId, (int)resource, out _, out ulong hard);
        return read.IsError ? read : Kernel.Prlimit64(ProcessId, (int)resource, limit, Math.Max(limit, hard));
    }

    /// <summary>The soft limit of the process, in bytes; <see cref="ulong.MaxValue"/> for none.</summary>
    internal ulong GetLimit(KernelResource resource)
    {
        _ = Kernel.Prlimit64(ProcessId, (int)resource, out ulong soft, out _);
        return soft;
    }

    /// <summary>Ends the process and frees what belongs to it.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        _host.Dispose();
    }

    private static string? Prepare(HostProcess host, KernelExecutorOptions options, out KernelSurroundings? surroundings)
    {
        surroundings = null;
        // Children that end then leave no entry in the process table, and nobody has to wait for them.
        Span<byte> action = host.Scratch[..SignalAction.Bytes];
        action.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(action, SignalAction.Ignore);
        var arguments = new CallArguments(Signals.Child, host.ScratchAddress, 0, Kernel.SignalSetBytes);
        if (!host.Call(CallNumber.RtSigaction, arguments, out CallResult result, out _)) return "the executor's process ended while it started";
        if (result.IsError) return $"the executor's process could not ignore SIGCHLD: {ErrnoName.Of(result.Error)}";

        if (!options.KeepCapabilities && DropCapabilities(host) is { IsError: true } dropped)
            return $"the executor's process could not drop its capabilities: {ErrnoName.Of(dropped.Error)}";

        Encoding.ASCII.GetBytes(ProcessName + '\0', host.Scratch);
        _ = host.Call(CallNumber.Prctl, new CallArguments(SetName, host.ScratchAddress), out _, out _);
        PreferAsVictimOfMemoryShortage(host.ProcessId);
        surroundings = Survey(host);
        return surroundings is null ? "the executor's process could not map a page" : null;
    }

    // What calls leave in it goes with the last process; it takes CAP_SYS_ADMIN, and so comes before the capabilities are dropped.
    private static bool TryOwnNamespace(HostProcess host)
    {
        const ulong newIpcNamespace = 0x0800_0000; // CLONE_NEWIPC
        return host.Call(CallNumber.Unshare, new CallArguments(newIpcNamespace), out CallResult result, out _) && !result.IsError;
    }

    private static CallResult DropCapabilities(HostProcess host)
    {
        const int headerBytes = 8;
        const int dataBytes = 24;
        Span<byte> header = host.Scratch[..(headerBytes + dataBytes)];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, CapabilityVersion);
        return host.Call(CallNumber.Capset, new CallArguments(host.ScratchAddress, host.ScratchAddress + headerBytes), out CallResult result, out _)
            ? result
            : Errno.NoSuchProcess;
    }

    private static void PreferAsVictimOfMemoryShortage(int processId)
    {
        try
        {
            File.WriteAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/oom_score_adj"), "1000");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Without /proc the system chooses its victim by size alone, which is this process too when it matters.
        }
    }

    // Asks the kernel for one page in the empty space, first anywhere and then as low as it gives one.
    private static KernelSurroundings? Survey(HostProcess host)
    {
        const ulong flags = (ulong)(MapFlags.Private | MapFlags.Anonymous);
        const ulong noDescriptor = ulong.MaxValue;
        var anywhere = new CallArguments(0, PageSize.Bytes, 0, flags, noDescriptor);
        var lowest = new CallArguments(PageSize.Bytes, PageSize.Bytes, 0, flags, noDescriptor);
        if (!host.Call(CallNumber.Mmap, anywhere, out CallResult highestPage, out _) || highestPage.IsError) return null;
        _ = host.Call(CallNumber.Munmap, new CallArguments((ulong)highestPage.Raw, PageSize.Bytes), out _, out _);
        if (!host.Call(CallNumber.Mmap, lowest, out CallResult lowestPage, out _) || lowestPage.IsError) return null;
        _ = host.Call(CallNumber.Munmap, new CallArguments((ulong)lowestPage.Raw, PageSize.Bytes), out _, out _);
        if (!host.Call(CallNumber.Brk, default, out CallResult breakStart, out _)) return null;

        return new KernelSurroundings(highestPage.Address + PageSize.Length, lowestPage.Address, breakStart.Address);
    }

    /// <summary>What processes forked one from another have in common: an IPC namespace.</summary>
    private sealed class SharedObjects
    {
        internal bool AreMade { get; set; }
    }
}
