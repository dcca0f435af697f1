using PageShift.Abi;
using PageShift.Calls;
using PageShift.Linux;

namespace PageShift.Verification;

/// <summary>The running kernel as one of the two sides: a family of executors, by the thread id that a log gives them.
/// Thread safety: none; one thread at a time.</summary>
internal sealed class KernelSide : IDisposable
{
    private const ulong LongestInCore = (ulong)CallData.VectorBytes << PageSize.Shift;

    private readonly Dictionary<int, KernelExecutor> _processes = [];
    private readonly List<KernelMapping> _mappings = [];

    private KernelSide(KernelExecutor executor, int firstProcess) => _processes.Add(firstProcess, executor);

    /// <summary>Begins with one process, forked from one that has made no call yet.</summary>
    /// <param name="pristine">The process to copy.</param>
    /// <param name="firstProcess">What logs call the copy.</param>
    /// <returns>The side, or null when the kernel could not fork.</returns>
    internal static KernelSide? TryBegin(KernelExecutor pristine, int firstProcess) =>
        pristine.TryFork(out KernelExecutor? executor).IsError || executor is null ? null : new KernelSide(executor, firstProcess);

    /// <summary>What the last call gave back beside its result: the bytes that were read, or mincore's vector.</summary>
    internal CallData Data { get; } = new();

    /// <summary>Executes a call, unless the executor refuses it, or it is not one that both sides can make alike.</summary>
    internal CallAnswer Execute(in CallRecord record)
    {
        Data.Length = 0;
        if (!_processes.TryGetValue(record.ThreadId, out KernelExecutor? executor))
            return CallAnswer.Refused(Refusal.ProcessEnded);
        CallArguments a = record.Call.Arguments;
        switch (record.Call.Number)
        {
            case PseudoCall.MemorySet:
                return CallAnswer.OfAccess(executor.Fill(new VirtualAddress(a.First), (byte)a.Second, new ByteLength(a.Third)));
            case PseudoCall.MemoryRead:
                return Read(executor, a.First, a.Second);
            case SystemCallNumber.InCore when a.Third == 0:
                return InCore(executor, a.First, a.Second);
            case SystemCallNumber.Clone:
                return Fork(executor, record);
            case SystemCallNumber.ExitGroup:
                _processes.Remove(record.ThreadId);
                executor.Dispose();
                return new CallAnswer(CallResult.Success);
            case SystemCallNumber.OpenFile:
                return Open(executor, record);
            case SystemCallNumber.CloseFile:
                return new CallAnswer(executor.CloseFile((int)a.First));
            case SystemCallNumber.Truncate:
                return new CallAnswer(executor.ResizeFile((int)a.First, new ByteLength(a.Second)));
            case SystemCallNumber.SetLimit:
                return executor.SetLimit((KernelResource)a.First, a.Second).IsError ? CallAnswer.Refused(Refusal.UnknownCall) : new CallAnswer(CallResult.Success);
            case SystemCallNumber.InCore when TouchesHost(executor, a.First, a.Second):
                return CallAnswer.Refused(Refusal.TouchesHost);
            default:
                return Invoke(executor, record.Call.Number, a);
        }
    }

    /// <summary>Fills a snapshot of a process.</summary>
    /// <returns>False when the process has ended.</returns>
    internal bool Observe(int process, SpaceSnapshot into, bool withFlags)
    {
        KernelExecutor executor = _processes[process];
        var everything = new AddressRange(VirtualAddress.Zero, executor.Surroundings.TaskEnd);
        into.Mappings.Clear();
        into.Pages.Clear();
        _mappings.Clear();
        if (!(withFlags ? executor.ReadMappingsWithFlags(everything, _mappings) : executor.ReadMappings(everything, _mappings)))
            return false;
        foreach (KernelMapping mapping in _mappings)
            into.Mappings.Add(new ObservedMapping(mapping.Range, mapping.Protection, mapping.IsShared, mapping.FileOffset, KeyOf(mapping), mapping.Flags));
        return executor.ReadPresence(everything, into.Pages, tellZero: true);
    }

    /// <summary>Copies bytes of a present page without touching anything.</summary>
    /// <returns>False when they could not be read.</returns>
    internal bool TryReadPresentBytes(int process, VirtualAddress start, Span<byte> bytes) =>
        _processes[process].ReadPresentBytes(start, bytes) == bytes.Length;

    /// <summary>Ends all processes.</summary>
    public void Dispose()
    {
        foreach (KernelExecutor executor in _processes.Values)
            executor.Dispose();
        _processes.Clear();
    }

    private static ulong KeyOf(in KernelMapping mapping) =>
        mapping.Inode == 0 ? 0 : ((ulong)mapping.DeviceMajor << 52) ^ ((ulong)mapping.DeviceMinor << 40) ^ mapping.Inode;

    private static CallAnswer Invoke(KernelExecutor executor, SystemCallNumber number, in CallArguments a)
    {
        KernelOutcome outcome = executor.Invoke(number, a);
        return new CallAnswer(outcome.Result) { Refusal = outcome.Refusal };
    }

    private CallAnswer Read(KernelExecutor executor, ulong start, ulong length)
    {
        if (length > CallData.VectorBytes)
            return CallAnswer.Refused(Refusal.PopulatesTooMuch);
        CallAnswer answer = CallAnswer.OfAccess(executor.Read(new VirtualAddress(start), Data.Take((int)length)));
        Data.Length = (int)answer.BytesDone;
        return answer.WithFirstByte(Data.Bytes);
    }

    private CallAnswer InCore(KernelExecutor executor, ulong start, ulong length)
    {
        // The executor's own pages are in memory; the engine's copies of them never were touched.
        if (length > LongestInCore || TouchesHost(executor, start, length))
            return CallAnswer.Refused(Refusal.PopulatesTooMuch);
        CallAnswer answer = Invoke(executor, SystemCallNumber.InCore, new CallArguments(start, length, executor.Scratch.Start.Value));
        if (answer.Refusal == Refusal.None && !answer.Result.IsError)
        {
            int pages = (int)((length + (PageSize.Bytes - 1)) >> PageSize.Shift);
            Data.Length = executor.ReadPresentBytes(executor.Scratch.Start, Data.Take(pages));
        }

        return answer;
    }

    private static bool TouchesHost(KernelExecutor executor, ulong start, ulong length) =>
        start < executor.Surroundings.Host.End.Value && unchecked(start + length) > executor.Surroundings.Host.Start.Value;

    private CallAnswer Fork(KernelExecutor parent, in CallRecord record)
    {
        int id = record.Outcome.State == CallOutcomeState.Value ? (int)record.Outcome.Value : 0;
        if (id == 0 || _processes.ContainsKey(id) || parent.TryFork(out KernelExecutor? child).IsError || child is null)
            return CallAnswer.Refused(Refusal.UnknownCall);
        _processes.Add(id, child);
        return new CallAnswer(new CallResult(id));
    }

    private static CallAnswer Open(KernelExecutor executor, in CallRecord record)
    {
        if (!CallPaths.IsKnown(record.FilePath))
            return CallAnswer.Refused(Refusal.UnknownCall);
        return new CallAnswer(CallPaths.IsMemoryFile(record.FilePath!)
            ? executor.CreateMemoryFile(default)
            : executor.OpenFile(record.FilePath!, (int)record.Call.Arguments.First));
    }
}
