using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux;
using PageShift.Linux.Execution;
using PageShift.Linux.Settings;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <summary>Does on the running kernel what the execution of a log does on the engine, and measures each mremap: each address space of the log is a process of its own.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class KernelFollower : ISpaceFollower, IDisposable
{
    private readonly Dictionary<AddressSpace, KernelSpace> _spaces = [];
    private readonly Dictionary<ulong, ulong> _identifiers = [];
    private readonly KernelTarget _pristine;
    private readonly IKernelObserver _observer;
    private readonly ulong _mostBytes;
    private readonly KernelProfile _kernel;
    private CallRecord _last;

    private KernelFollower(KernelTarget pristine, IKernelObserver observer, ByteLength mostBytes, KernelProfile kernel)
    {
        _pristine = pristine;
        _observer = observer;
        _mostBytes = mostBytes.Value;
        _kernel = kernel;
    }

    /// <summary>What an engine's space must be made with so that it is told what the kernel is told, whoever runs the tool.</summary>
    /// <param name="options">The options to begin with.</param>
    public static AddressSpaceOptions Surround(AddressSpaceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        KernelSettings settings = KernelSettings.Read();
        return options with
        {
            MinimumAddress = new VirtualAddress((ulong)(settings.LowestAddress ?? 0x1_0000)),
            LowestUnprivilegedAddress = new VirtualAddress((ulong)(settings.LowestAddress ?? (long)PageSize.Bytes)),
            MaximumMapCount = (int)(settings.MostMappings ?? options.MaximumMapCount),
            TransparentHugePages = settings.TransparentHugePages is "madvise" or "always",
            ProtectionKeys = ProcessorFeatures.HasProtectionKeys,
            IsPrivileged = Environment.IsPrivilegedProcess,
        };
    }

    /// <summary>Starts the first process.</summary>
    /// <param name="observer">Sees what the kernel does.</param>
    /// <param name="kernel">What the kernel has.</param>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    public static KernelFollower? TryStart(IKernelObserver observer, KernelProfile kernel, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(observer);
        // Half of what is free: the machine has to live with it, and page tables and the engine's own need room too.
        var most = new ByteLength(PlatformSupport.MissingReason is null ? MachineMemory.ReadAvailable().Value / 2 : 0);
        var options = new KernelExecutorOptions { KeepCapabilities = Environment.IsPrivilegedProcess, MostPopulatedBytes = most };
        KernelExecutor? pristine = KernelExecutor.TryStart(options, out reason);
        return pristine is null ? null : new KernelFollower(new KernelTarget(pristine), observer, most, kernel);
    }

    /// <summary>Ends all processes.</summary>
    public void Dispose()
    {
        foreach (KernelSpace space in _spaces.Values)
            space.Dispose();
        _spaces.Clear();
        _pristine.Dispose();
    }

    void ISpaceFollower.Made(AddressSpace space)
    {
        CallResult forked = _pristine.TryFork(out KernelTarget? target);
        _spaces.Add(space, new KernelSpace(target, _kernel, _identifiers, $"the kernel could make no process for it: {ErrnoName.Of(forked.Error)}"));
    }

    void ISpaceFollower.Forked(AddressSpace parent, AddressSpace child)
    {
        if (_spaces.TryGetValue(parent, out KernelSpace? space))
            _spaces.Add(child, space.Fork());
    }

    void ISpaceFollower.Ended(AddressSpace space)
    {
        if (!_spaces.Remove(space, out KernelSpace? followed))
            return;
        if (followed.FindOtherMapping(space) is { } difference)
            Part(_last, difference);
        followed.Dispose();
    }

    void ISpaceFollower.Called(in CallRecord record, AddressSpace space, in SystemCall call, CallResult result)
    {
        _last = record;
        KernelSpace followed = _spaces[space];
        if (PopulatesTooMuch(space, call))
            followed.Leave($"from line {record.Line} on its pages would take more than half of the memory that is free here");
        CallAnswer? outcome = followed.Call(record, call, space, result, out KernelMove move);
        if (call.Number is SystemCallNumber.Remap or PseudoCall.RelocateDown && !result.IsError)
            _observer.OnMeasured(record, move);
        if (outcome is not { IsMade: true } answer || answer.Result == result)
            return;
        followed.Leave($"engine and kernel differed at line {record.Line}");
        Part(record, new Difference("the results", result.ToString(), answer.Result.ToString()));
    }

    private void Part(in CallRecord record, Difference difference) =>
        _observer.OnParted(new Divergence(record.Name, difference) { Line = record.Line, ThreadId = record.ThreadId });

    private bool PopulatesTooMuch(AddressSpace space, in SystemCall call) =>
        space.Memory.DataFrames > _mostBytes >> PageSize.Shift && call.Description?.PopulatedBytes(call.Arguments, space.BreakStart, locksFuture: false) > 0;
}
