using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <summary>One address space of a log on the running kernel: a process of its own, with counters once it moves something.</summary>
internal sealed class KernelSpace : IDisposable
{
    private const MapFlags PrivateAnonymous = MapFlags.Private | MapFlags.Anonymous;
    private const ulong NoDescriptor = ulong.MaxValue;

    // The longest that the kernel's file offsets allow, less one page to keep sums in range.
    private const ulong EndlessFile = long.MaxValue - PageSize.Bytes + 1;

    // A process may have 1,024 or more files open.
    private const int LeastKept = 64;

    private readonly Dictionary<MemoryObject, int> _descriptors = [];
    private readonly Dictionary<ulong, ulong> _identifiers;
    private readonly KernelTarget? _target;
    private readonly KernelProfile _kernel;
    private KernelProbe? _probe;
    private string? _whyNotCounted;
    private string? _whyLeft;
    private ulong? _heapEnd;
    private int _mostKept = LeastKept;

    /// <summary>Begins.</summary>
    /// <param name="target">The process; null for none.</param>
    /// <param name="kernel">What the kernel has.</param>
    /// <param name="identifiers">Which of the kernel's identifiers of shared objects stands for which of the log's. All processes have them in common.</param>
    /// <param name="whyNone">Why there is no process, if there is none.</param>
    internal KernelSpace(KernelTarget? target, KernelProfile kernel, Dictionary<ulong, ulong> identifiers, string whyNone)
    {
        _target = target;
        _kernel = kernel;
        _identifiers = identifiers;
        _whyLeft = target is null ? whyNone : null;
    }

    public void Dispose()
    {
        _probe?.Dispose();
        _target?.Dispose();
    }

    /// <summary>Follows no further; keeps the first reason.</summary>
    internal void Leave(string reason) => _whyLeft ??= reason;

    internal KernelSpace Fork()
    {
        KernelTarget? child = null;
        Errno error = _whyLeft is null ? _target!.TryFork(out child).Error : Errno.None;
        var copy = new KernelSpace(child, _kernel, _identifiers, _whyLeft ?? $"the kernel could make no process for it: {ErrnoName.Of(error)}") { _heapEnd = _heapEnd };
        foreach ((MemoryObject file, int descriptor) in _descriptors)
            copy._descriptors.Add(file, descriptor);
        return copy;
    }

    /// <summary>Makes a call, and measures it when it is an mremap.</summary>
    /// <returns>What became of it; null when there is nothing to compare with the engine's result.</returns>
    internal CallAnswer? Call(in CallRecord record, in SystemCall call, AddressSpace space, CallResult result, out KernelMove move)
    {
        move = new KernelMove(null, null, _whyLeft);
        if (_whyLeft is not null)
            return null;
        CallAnswer? outcome = null;
        switch (call.Number)
        {
            case SystemCallNumber.Break:
                Require(MoveBreak((ulong)result.Raw, space.BreakStart.Value));
                break;
            case PseudoCall.RelocateDown:
                move = move with { Reason = "only execve makes this move" };
                Require(RelocateDown(call.Arguments));
                break;
            case SystemCallNumber.Remap:
                outcome = Measure(call.Arguments, out move);
                break;
            case SystemCallNumber.Advise when !_kernel.HasPopulateAdvice && (Advice)call.Arguments.Third is Advice.PopulateRead or Advice.PopulateWrite:
                outcome = PopulateByAccess(call.Arguments, result);
                break;
            default:
                outcome = Invoke(call, space, result);
                break;
        }

        if (outcome is { WhyNot: { } reason })
            Leave($"line {record.Line} can't be run here: {reason}");
        if (_whyLeft is not null && move.Cost is null)
            move = move with { Reason = _whyLeft };
        return outcome;
    }

    /// <summary>The first mapping that engine and kernel do not both have; null while they agree, or when the kernel no longer follows.</summary>
    internal Difference? FindOtherMapping(AddressSpace space)
    {
        if (_whyLeft is not null)
            return null;
        var kernel = new List<ObservedMapping>();
        if (!_target!.TryShowMappings(kernel, withFlags: false))
            return new Difference("the processes", "alive", "ended");
        // What stands in for the log's files has other numbers and lengths: files are not compared.
        return new SpaceComparison(new FilePairs()).CompareMappings(
            [.. space.GetMappings().Select(m => ObservedMapping.Of(m) with { FileOffset = 0, Object = null })],
            [.. kernel.Select(m => m with { FileOffset = 0, File = default })],
            "no further mapping");
    }

    private CallAnswer Measure(in CallArguments a, out KernelMove move)
    {
        if (_probe is null && _whyNotCounted is null)
            _probe = KernelProbe.TryAttach(_target!.Executor, out _whyNotCounted);
        if (_probe is null)
        {
            CallAnswer answer = Make(SystemCallNumber.Remap, a);
            move = new KernelMove(null, answer.IsMade ? answer.Nanoseconds : null, _whyNotCounted);
            return answer;
        }

        MeasuredCost cost = _probe.Measure(out KernelOutcome outcome, SystemCallNumber.Remap, a);
        move = outcome.Ran ? new KernelMove(cost, cost.Nanoseconds, null) : default;
        return KernelTarget.AnswerTo(outcome);
    }

    /// <summary>Brings pages in as a program does, where the kernel can't be asked to. What is in them is of no concern: only mappings and counts are compared. The page of zeroes is read, which
    /// takes a byte of each page; what is written is written throughout, which is one request for all.</summary>
    private CallAnswer PopulateByAccess(in CallArguments a, CallResult result)
    {
        if (result.IsError)
            return new CallAnswer(result); // the engine's populating is not the log's call: where it could not, there is nothing to repeat
        if ((Advice)a.Third == Advice.PopulateWrite)
            return _target!.Execute(new SystemCall(PseudoCall.MemorySet, new(a.First, 0, a.Second)));
        Span<byte> one = stackalloc byte[1];
        for (ulong at = a.First; at < a.First + a.Second; at += PageSize.Bytes)
        {
            if (!_target!.Executor.Read(new VirtualAddress(at), one).IsComplete)
                return new CallAnswer(Errno.BadAddress);
        }

        return new CallAnswer(CallResult.Success);
    }

    private CallAnswer Make(SystemCallNumber number, in CallArguments a) => _target!.Execute(new SystemCall(number, a));

    private CallAnswer? Invoke(in SystemCall call, AddressSpace space, CallResult result)
    {
        CallArguments a = call.Arguments;
        SystemCallDescription description = call.Description!;
        if (description.Descriptor(a) is { } logged)
        {
            _ = space.Descriptors.TryGet(logged, out OpenFile? file);
            if (!TryDescribe(file, out int descriptor))
                return null;
            a = description.WithDescriptor(a, descriptor);
        }

        for (int i = 0; i < description.Parameters.Count; i++)
        {
            if (description.Parameters[i].Form == ArgumentForm.Identifier)
                a = a.With(i, _identifiers.GetValueOrDefault(a[i], a[i]));
        }

        CallAnswer answer = Make(call.Number, a);
        if (!description.ReturnsIdentifier || !answer.IsMade || answer.Result.IsError || result.IsError)
            return answer;
        _identifiers[(ulong)result.Raw] = (ulong)answer.Result.Raw;
        return answer with { Result = result };
    }

    /// <summary>The descriptor of a file that stands in for the log's; -1 for none, as the log had none either.</summary>
    private bool TryDescribe(OpenFile? file, out int descriptor)
    {
        descriptor = -1;
        if (file is null || _descriptors.TryGetValue(file.Object, out descriptor))
            return true;
        CloseForgotten();
        CallResult made = _target!.Executor.CreateMemoryFile(new ByteLength(EndlessFile));
        if (made.IsError)
        {
            Leave($"the kernel makes no file for it: {ErrnoName.Of(made.Error)}");
            return false;
        }

        descriptor = (int)made.Raw;
        _descriptors.Add(file.Object, descriptor);
        return true;
    }

    /// <summary>Closes what stands in for files that the log holds no longer, before there are more open than a process may have.</summary>
    private void CloseForgotten()
    {
        if (_descriptors.Count < _mostKept)
            return;
        foreach ((MemoryObject file, int descriptor) in _descriptors)
        {
            if (!file.IsHeld && _descriptors.Remove(file))
                _ = _target!.Executor.CloseFile(descriptor);
        }

        _mostKept = Math.Max(LeastKept, 2 * _descriptors.Count);
    }

    /// <summary>The heap lies where the log's program had it, which brk can't be told: mmap and munmap do the same to the mappings.</summary>
    private CallResult MoveBreak(ulong heapEnd, ulong heapStart)
    {
        ulong from = _heapEnd ?? PageUp(heapStart);
        ulong to = PageUp(heapEnd);
        if (to == from)
            return CallResult.Success;
        _heapEnd = to;
        return to > from
            ? Make(SystemCallNumber.Map, new(from, to - from, (ulong)(Protection.Read | Protection.Write), (ulong)(PrivateAnonymous | MapFlags.FixedNoReplace), NoDescriptor)).Result
            : Make(SystemCallNumber.Unmap, new(to, from - to)).Result;
    }

    /// <summary>Moves like execve's stack move, by way of a place that is free: source and destination may overlap, which mremap refuses.</summary>
    private CallResult RelocateDown(in CallArguments a)
    {
        const ulong move = (ulong)(RemapFlags.MayMove | RemapFlags.Fixed);
        CallResult between = Make(SystemCallNumber.Map, new(0, a.Second, 0, (ulong)PrivateAnonymous, NoDescriptor)).Result;
        if (between.IsError)
            return between;
        CallResult moved = Make(SystemCallNumber.Remap, new(a.First, a.Second, a.Second, move, (ulong)between.Raw)).Result;
        return moved.IsError ? moved : Make(SystemCallNumber.Remap, new((ulong)between.Raw, a.Second, a.Second, move, a.First - a.Third)).Result;
    }

    private void Require(CallResult result)
    {
        if (result.IsError)
            Leave($"the kernel could not stand in for a call: {ErrnoName.Of(result.Error)}");
    }

    private static ulong PageUp(ulong address) => (address + (PageSize.Bytes - 1)) & ~(PageSize.Bytes - 1);
}
