using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Processes;
using PageShift.Mappings;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <summary>One address space of a traced program, and the engine's space that follows it. The engine's has no pages but during a move, when those are
/// loaded that were present in the kernel's.</summary>
internal sealed partial class FollowedSpace : IDisposable
{
    private readonly FollowContext _context;
    private readonly ProcessReader _reader;
    private readonly List<KernelMapping> _kernel = [];
    private readonly List<Mapping> _engine = [];
    private readonly SpaceSnapshot _engineState = new();
    private readonly SpaceSnapshot _kernelState = new();
    private readonly SpaceComparison _comparison;
    private EngineTarget _target;
    private int _callsSinceFullComparison;
    private bool _hasHiddenState;
    private bool _knowsBreak = true;

    private FollowedSpace(FollowContext context, int processId, ProcessReader reader, AddressSpace engine)
    {
        _context = context;
        _comparison = new SpaceComparison(context.Files.Pairs);
        _reader = reader;
        _sites = new CallSites(processId, reader);
        ProcessId = processId;
        _target = new EngineTarget(engine);
        context.Statistics.AddressSpaces++;
    }

    /// <summary>The process by which the space is read.</summary>
    internal int ProcessId { get; }

    /// <summary>The engine's space.</summary>
    internal AddressSpace Engine => _target.Space;

    /// <summary>Processes that run in it.</summary>
    internal int Processes { get; set; } = 1;

    /// <summary>True once a further thread has run in it.</summary>
    internal bool HasThreads { get; set; }

    /// <summary>True when several threads, or processes that share it, may run in it: their page faults are not seen.</summary>
    internal bool IsConcurrent => HasThreads || Processes > 1;

    private static AddressRange Everything { get; } = new(VirtualAddress.Zero, new VirtualAddress(0x7fff_ffff_f000));

    /// <summary>Follows the address space that a process has now. Null when it has ended.</summary>
    internal static FollowedSpace? TryFollow(FollowContext context, int processId)
    {
        if (ProcessReader.TryOpen(processId, out _) is not { } reader)
            return null;
        var space = new FollowedSpace(context, processId, reader, new AddressSpace(context.Memory));
        if (space.TrySeed())
            return space;
        space.Dispose();
        return null;
    }

    /// <summary>True when the kernel hides a process's memory from this user.</summary>
    internal static bool IsHidden(int processId)
    {
        using ProcessReader? reader = ProcessReader.TryOpen(processId, out Errno error);
        return error is Errno.AccessDenied or Errno.OperationNotPermitted;
    }

    /// <summary>Looks at the pages that a process which was just forked has got a copy of, before <see cref="TryFork"/>. Where other threads go on, the copy alone still has them as they were.</summary>
    internal void LearnCopied(int processId)
    {
        using ProcessReader? copy = IsConcurrent ? ProcessReader.TryOpen(processId, out _) : null;
        LearnPrivatePages(Everything, reader: copy);
    }

    /// <summary>Follows the copy that a process which was just forked has got. Null when it has ended.</summary>
    internal FollowedSpace? TryFork(int processId)
    {
        if (ProcessReader.TryOpen(processId, out _) is not { } reader)
            return null;
        var child = new FollowedSpace(_context, processId, reader, Engine.Fork()) { _hasHiddenState = _hasHiddenState, _knowsBreak = _knowsBreak, _hasUnmodelledRanges = _hasUnmodelledRanges };
        if (_hasUnmodelledRanges)
            child.Resync(); // what a child gets of these is the kernel's alone to know
        return child;
    }

    /// <summary>Gives the engine's space back, and closes the files.</summary>
    public void Dispose()
    {
        if (_sites.HasUnnamedCode)
            _context.Statistics.HasUnnamedCode = true;
        CloseCounters();
        _sites.Dispose();
        _reader.Dispose();
        _target.Dispose();
    }

    /// <summary>Says to the engine, and to the log, what no call did.</summary>
    private void State(SystemCallNumber number, ulong start, ulong length = 0, ulong span = 0)
    {
        var call = new SystemCall(number, new CallArguments(start, length, span));
        _ = _target.Execute(call);
        _context.Log?.WriteState(ProcessId, call);
    }

    /// <summary>A range with the mappings that touch it. A call may name addresses beyond all that can be mapped: those touch nothing.</summary>
    private static AddressRange Widened(AddressRange range) => range.Start > Everything.End
        ? new AddressRange(Everything.End, Everything.End)
        : new AddressRange(
            range.Start == VirtualAddress.Zero ? range.Start : range.Start - new ByteLength(1),
            range.End >= Everything.End ? Everything.End : range.End + new ByteLength(1));
}
