using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls.Machines;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Physical;

namespace PageShift.Calls.Execution;

/// <summary>Executes the records of a log on the engine: each process of the log gets an address space, and follows what the log says.</summary>
/// <remarks>
/// <para>Where the kernel chose an address, the log's address is taken. A range that a call presupposes and that the log never made is adopted as an inferred mapping. All
/// spaces share one bytes-free arena: what is planned is where pages are, not what is in them.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed partial class LogExecutor : IMoveObserver, IDisposable
{
    /// <summary>The largest range that <see cref="PopulateAssumption.All"/> populates for one call: 64 GiB.</summary>
    internal const ulong LargestPopulated = 64UL << 30;

    private readonly LogExecutorOptions _options;
    private readonly ILogObserver? _observer;
    private readonly ISpaceFollower? _follower;
    private readonly PhysicalMemory _memory;
    private readonly AddressSpaceOptions _space;
    private readonly bool _isForeign; // the records of the log's machine are not for the engine as they are
    private readonly ProcessTable _processes;
    private readonly List<Mapping> _found = [];
    private CallRecord _record;
    private int _moves;

    /// <summary>Makes an executor that shows its moves to <paramref name="observer"/>, if there is one.</summary>
    public LogExecutor(LogExecutorOptions options, ILogObserver? observer = null)
        : this(options, observer, follower: null)
    {
    }

    /// <summary>Makes an executor that shows its moves to <paramref name="observer"/>, and is followed by <paramref name="follower"/>, where there is one.</summary>
    internal LogExecutor(LogExecutorOptions options, ILogObserver? observer, ISpaceFollower? follower)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _space = ReferenceEquals(options.Machine, Machine.Usual) ? options.Space : options.Space with { Geometry = Machine.Geometry, TableMoves = Machine.TableMoves };
        _isForeign = Machine.Scale != 0 || Machine.Architecture == Architecture.Arm64;
        _memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree with { TableOrder = _space.Geometry.TableOrder });
        _observer = observer;
        _follower = follower;
        _processes = new ProcessTable(MakeTarget, follower);
    }

    /// <summary>What was counted so far.</summary>
    public LogStatistics Statistics { get; } = new();

    /// <summary>Gives all spaces and their memory back.</summary>
    public void Dispose()
    {
        _processes.Dispose();
        _memory.Dispose();
    }

    /// <summary>The space that a thread of the log runs in, as it is now.</summary>
    public AddressSpace SpaceOf(int threadId) => _processes.Of(threadId).Space;

    /// <summary>Executes one record, and tells what came of it.</summary>
    /// <exception cref="UnsupportedMachineException">The log shows an address that the page tables can't hold.</exception>
    /// <exception cref="OutOfMemoryException">The host has not enough memory for it; nothing is to be made of this executor any more.</exception>
    public RecordOutcome Execute(in CallRecord record)
    {
        _record = record;
        _moves = 0;
        var outcome = default(RecordOutcome);
        switch (record.Kind)
        {
            case CallRecordKind.Call:
                outcome = ExecuteCall(record) with { Moves = _moves };
                break;
            case CallRecordKind.CloneStarted:
                _processes.CloneStarts(record.ThreadId, record.CloneFlags);
                break;
            case CallRecordKind.ThreadBegan:
                _processes.Begin(record.ThreadId, record.Outcome);
                break;
            case CallRecordKind.Exited or CallRecordKind.Killed:
                _processes.Exit(record.ThreadId);
                break;
            case CallRecordKind.Superseded:
                _processes.Supersede(record.ThreadId, (int)record.Outcome.Value);
                break;
        }

        _memory.ThrowIfHostExhausted();
        Statistics.AddressSpaces = _processes.Spaces;
        Statistics.UncertainThreads = _processes.UncertainThreads;
        Statistics.Count(outcome);
        return outcome;
    }

    void IMoveObserver.Moving(MoveObservation move) => _observer?.OnMove(_record, move);

    private EngineTarget MakeTarget() => new(new AddressSpace(_memory, _space)) { MoveObserver = this };

    private RecordOutcome ExecuteCall(in CallRecord record)
    {
        _processes.See(record.ThreadId);
        if (record.Is32Bit && record.Call.Number != SystemCallNumber.Execute)
            Limit(_processes.Of(record.ThreadId));
        if (record.IsInjected)
        {
            if (record.Call.Number == SystemCallNumber.Clone)
                _processes.CloneFails(record.ThreadId);
            return default;
        }

        switch (record.Call.Number)
        {
            case SystemCallNumber.Clone:
                FinishClone(record);
                return new(RecordFate.Executed);
            case SystemCallNumber.Execute:
                if (record.Outcome.State != CallOutcomeState.Error)
                    _processes.Execute(record.ThreadId);
                return new(RecordFate.Executed);
            case SystemCallNumber.OpenFile or SystemCallNumber.CloseFile or SystemCallNumber.DuplicateFile:
                TrackFile(record);
                return new(RecordFate.Executed);
            case SystemCallNumber.Exit or SystemCallNumber.ExitGroup or SystemCallNumber.Truncate or SystemCallNumber.SetLimit:
                return new(RecordFate.Executed);
            case var _ when record.Call.Standing is var standing and not CallStanding.Modelled:
                return new(standing == CallStanding.Other ? RecordFate.Executed : RecordFate.Unsupported);
        }

        return record.Outcome.State switch
        {
            CallOutcomeState.Unknown => new(RecordFate.Unknown),
            CallOutcomeState.Error when !_options.Verify => new(RecordFate.Failed),
            _ => new(RecordFate.Executed, Divergence: ExecuteMemoryCall(_processes.Of(record.ThreadId), record)),
        };
    }

    private void FinishClone(in CallRecord record)
    {
        if (record.Outcome.State == CallOutcomeState.Value)
            _processes.CloneEnds(record.ThreadId, (int)record.Outcome.Value, record.CloneFlags);
        else if (!record.Outcome.IsCutOff)
            _processes.CloneFails(record.ThreadId);
    }

    private void TrackFile(in CallRecord record)
    {
        LogProcess process = _processes.Of(record.ThreadId);
        if (record.Call.Number == SystemCallNumber.CloseFile)
            _ = process.Target.Execute(record.Call);
        else if (record.Outcome.State == CallOutcomeState.Value && record.Call.Number == SystemCallNumber.OpenFile)
            process.Open((int)record.Outcome.Value);
        else if (record.Outcome.State == CallOutcomeState.Value)
            process.Duplicate((int)record.Call.Arguments.First, (int)record.Outcome.Value);
    }

    private Divergence? ExecuteMemoryCall(LogProcess process, in CallRecord record) =>
        NeedsAdaptation(process, record) ? ExecuteAdapted(process, Adapt(process, record)) : ExecuteAdapted(process, record);

    private Divergence? ExecuteAdapted(LogProcess process, in CallRecord record)
    {
        CallArguments a = record.Call.Arguments;
        CallResult result = record.Call.Number switch
        {
            PseudoCall.MemorySet => Touch(process, a.First, a.Third, Advice.PopulateWrite),
            PseudoCall.MemoryRead => Touch(process, a.First, a.Second, Advice.PopulateRead),
            PseudoCall.Present or PseudoCall.AnonVma => process.Target.Execute(record.Call).Result,
            PseudoCall.Absent => BeginStatingPresence(process, record.Call),
            PseudoCall.RelocateDown => Apply(process, record.Call),
            _ => Make(process, record, record.Call.Description!),
        };
        return Compare(record, result);
    }

    /// <summary>Makes a call, with the arguments that it has after the log was followed, and tells the follower.</summary>
    private CallResult Apply(LogProcess process, in SystemCall call)
    {
        CallAnswer answer = process.Target.Execute(call);
        _moves += answer.Moves;
        _follower?.Called(_record, process.Space, call, answer.Result);
        return answer.Result;
    }

    private Divergence? Compare(in CallRecord record, CallResult result)
    {
        CallOutcome outcome = record.Outcome;
        bool agrees = outcome.State switch
        {
            CallOutcomeState.Value => !result.IsError && (record.Call.Number == PseudoCall.MemoryRead || result.Raw == outcome.Value),
            CallOutcomeState.Error => result.Error == outcome.Error,
            _ => !result.IsError,
        };
        if (agrees)
            return null;
        if (!_options.Verify && outcome.State != CallOutcomeState.None)
        {
            Statistics.DifferentResults++;
            return null;
        }

        string expected = outcome.State switch
        {
            CallOutcomeState.Value => ShownResult(outcome.Value, record),
            CallOutcomeState.Error => ErrnoName.Of(outcome.Error),
            _ => "success",
        };
        string actual = result.IsError ? ErrnoName.Of(result.Error) : ShownResult(result.Raw, record);
        return new Divergence(record.Name, new Difference("the results", actual, expected)) { Line = record.Line, ThreadId = record.ThreadId };
    }
}
