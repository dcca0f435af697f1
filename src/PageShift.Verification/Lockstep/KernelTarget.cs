using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>A process of the running kernel's. What its executor refuses is not made.</summary>
internal sealed class KernelTarget(KernelExecutor executor) : ICallTarget<KernelTarget>
{
    private const ulong LongestInCore = (ulong)CallData.VectorBytes << PageSize.Shift;

    private readonly List<KernelMapping> _mappings = [];

    /// <summary>What makes the calls.</summary>
    internal KernelExecutor Executor { get; } = executor;

    private AddressRange Everything => new(VirtualAddress.Zero, Executor.Surroundings.TaskEnd);

    /// <inheritdoc/>
    public CallAnswer Execute(in SystemCall call, string? filePath = null, CallData? data = null)
    {
        CallArguments a = call.Arguments;
        switch (call.Number)
        {
            case PseudoCall.MemorySet:
                return AnswerTo(Executor.Fill(new VirtualAddress(a.First), (byte)a.Second, new ByteLength(a.Third)));
            case PseudoCall.MemoryRead when data is not null:
                return Read(a.First, a.Second, data);
            case SystemCallNumber.InCore when a.Third == 0 && data is not null:
                return InCore(a.First, a.Second, data);
            case SystemCallNumber.InCore when TouchesHost(a.First, a.Second):
                return Refused(Refusal.TouchesHost);
            case SystemCallNumber.OpenFile:
                return Open(filePath, (int)a.First);
            case SystemCallNumber.CloseFile when a.First == a.Second:
                return new CallAnswer(Executor.CloseFile((int)a.First));
            case SystemCallNumber.Truncate:
                return new CallAnswer(Executor.ResizeFile((int)a.First, new ByteLength(a.Second)));
            case SystemCallNumber.SetLimit:
                return Executor.SetLimit((KernelResource)a.First, a.Second).IsError ? Refused(Refusal.UnknownCall) : default;
            default:
                return AnswerTo(Executor.Invoke(call.Number, a));
        }
    }

    /// <inheritdoc/>
    public CallResult TryFork(out KernelTarget? child)
    {
        CallResult forked = Executor.TryFork(out KernelExecutor? copy);
        child = copy is null ? null : new KernelTarget(copy);
        return forked;
    }

    /// <summary>Shows the mappings, all of them.</summary>
    /// <param name="into">Filled anew.</param>
    /// <param name="withFlags">True for all flags, for which the kernel walks all page tables.</param>
    /// <returns>False when the process has ended.</returns>
    internal bool TryShowMappings(List<ObservedMapping> into, bool withFlags)
    {
        into.Clear();
        _mappings.Clear();
        if (!(withFlags ? Executor.ReadMappingsWithFlags(Everything, _mappings) : Executor.ReadMappings(Everything, _mappings)))
            return false;
        foreach (KernelMapping mapping in _mappings)
            into.Add(ObservedMapping.Of(mapping));
        return true;
    }

    /// <summary>Shows which pages are present.</summary>
    /// <param name="into">Filled anew.</param>
    /// <returns>False when the process has ended.</returns>
    internal bool TryShowPages(List<PageRun> into)
    {
        into.Clear();
        return Executor.ReadPresence(Everything, into, tellZero: true);
    }

    /// <summary>Ends the process.</summary>
    public void Dispose() => Executor.Dispose();

    /// <summary>A call as the executor ended it.</summary>
    internal static CallAnswer AnswerTo(in KernelOutcome outcome) => outcome.Ran
        ? new CallAnswer(outcome.Result) { Nanoseconds = outcome.Nanoseconds }
        : Refused(outcome.Refusal);

    // How signals become results: see CallAnswer.OfFault.
    private static CallAnswer AnswerTo(in MemoryAccess access)
    {
        if (access.Refusal != Refusal.None)
            return Refused(access.Refusal);
        CallResult result = access.Signal switch
        {
            0 => CallResult.Success,
            MemoryAccess.BusError => Errno.InputOutput,
            _ when access.SignalCode is MemoryAccess.NotPermitted or MemoryAccess.NotPermittedByKey => Errno.AccessDenied,
            _ => Errno.BadAddress,
        };
        return new CallAnswer(result, access.BytesDone.Value, access.FaultAddress.Value);
    }

    private static CallAnswer Refused(Refusal refusal) => CallAnswer.NotMade(refusal switch
    {
        Refusal.TouchesHost => "its range is where the tool's own process keeps its code",
        Refusal.PopulatesTooMuch => "its pages would take more than half of the memory that is free here",
        Refusal.HarmsMachine => "it takes memory out of service",
        Refusal.ProcessEnded => "the process that makes the calls was killed",
        Refusal.ReachesOthers => "it would reach what all processes here share: that is kept apart only for a privileged user",
        _ => "it is no call that the tool makes",
    });

    private CallAnswer Read(ulong start, ulong length, CallData data)
    {
        if (length > CallData.VectorBytes)
            return Refused(Refusal.PopulatesTooMuch);
        CallAnswer answer = AnswerTo(Executor.Read(new VirtualAddress(start), data.Take((int)length)));
        data.Length = (int)answer.BytesDone;
        return answer.WithFirstByte(data.Bytes);
    }

    private CallAnswer InCore(ulong start, ulong length, CallData data)
    {
        // The executor's own pages are in memory; the engine's copies of them never were touched.
        if (length > LongestInCore || TouchesHost(start, length))
            return Refused(Refusal.PopulatesTooMuch);
        VirtualAddress vector = Executor.Scratch.Start;
        CallAnswer answer = AnswerTo(Executor.Invoke(SystemCallNumber.InCore, new CallArguments(start, length, vector.Value)));
        if (answer.IsMade && !answer.Result.IsError)
        {
            int pages = (int)((length + (PageSize.Bytes - 1)) >> PageSize.Shift);
            data.Length = Executor.ReadPresentBytes(vector, data.Take(pages));
        }

        return answer;
    }

    private bool TouchesHost(ulong start, ulong length) =>
        start < Executor.Surroundings.Host.End.Value && unchecked(start + length) > Executor.Surroundings.Host.Start.Value;

    private CallAnswer Open(string? path, int flags)
    {
        if (!CallPaths.IsKnown(path))
            return Refused(Refusal.UnknownCall);
        if (CallPaths.IsSecretMemory(path))
            return new CallAnswer(Executor.CreateSecretFile());
        return new CallAnswer(CallPaths.IsMemoryFile(path!) ? Executor.CreateMemoryFile(default) : Executor.OpenFile(path!, flags));
    }
}
