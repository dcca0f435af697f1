using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls.Machines;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.SystemCalls;

namespace PageShift.Calls.Execution;

/// <summary>Executes the records of a log on the engine: each process of the log gets an address space, and follows what the log says.</summary>
/// <remarks>
/// <para>The log is the truth. Where the kernel chose an address, the log's address is taken. A call that failed in the log is not carried out, except where the engine fails in the same way: then
/// what it did before it failed is right. A success that the engine refuses is adopted as the log has it. A range that a call presupposes, and that the log has neither made nor unmapped, becomes
/// an inferred mapping. All spaces share one bytes-free arena: what is planned is where pages are, not what is in them.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed partial class LogExecutor : IMoveObserver, IDisposable
{
    /// <summary>The largest range that <see cref="PopulateAssumption.All"/> populates for one call: 64 GiB.</summary>
    internal const ulong LargestPopulated = 64UL << 30;

    private readonly LogExecutorOptions _options;
    private readonly ILogObserver? _observer;
    private readonly ISpaceFollower? _follower;
    private readonly CongruentMoves? _congruentMoves;
    private readonly PhysicalMemory _memory;
    private readonly SegmentTable _segments;
    private readonly AddressSpaceOptions _space;
    private readonly bool _isForeign; // the records of the log's machine are not for the engine as they are
    private readonly ProcessTable _processes;
    private readonly List<Mapping> _found = [];
    private LogStatistics _counts;
    private CallRecord _logged; // the record that is executed, as the log has it
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
        _congruentMoves = observer is ICongruentObserver { WantsCongruentPlaces: true } wanting ? new CongruentMoves(this, wanting) : null;
        _segments = new SegmentTable(_memory);
        _segments.AddUser();
        _counts = Statistics;
        _processes = new ProcessTable(MakeTarget, follower);
    }

    /// <summary>What was counted so far.</summary>
    public LogStatistics Statistics { get; } = new();

    /// <summary>The arena that all spaces share.</summary>
    internal PhysicalMemory Memory => _memory;

    /// <summary>Gives all spaces and their memory back.</summary>
    public void Dispose()
    {
        _processes.Dispose();
        _segments.RemoveUser();
        _memory.Dispose();
    }

    /// <summary>The space that a thread of the log runs in, as it is now.</summary>
    public AddressSpace SpaceOf(int threadId)
    {
        EngineTarget target = _processes.Of(threadId).Target;
        target.MakeAssumedPresent();
        return target.Space;
    }

    /// <summary>Executes one record, and tells what came of it. A call that ran at the same time as others may have to wait for them; after the last record <see cref="Finish"/> makes those that still do.</summary>
    /// <exception cref="NotSupportedException">The log shows an address that the page tables can't hold. The record is passed over.</exception>
    /// <exception cref="OutOfMemoryException">The host has not enough memory for it; nothing is to be made of this executor any more.</exception>
    public RecordOutcome Execute(in CallRecord record) =>
        record.Kind is CallRecordKind.Call or CallRecordKind.CallStarted && NeedsAdaptation(record) ? ExecuteHere(Adapt(record), record) : ExecuteHere(record, record);

    /// <param name="record">The record in the engine's terms.</param>
    /// <param name="logged">The record as the log has it, which observers see.</param>
    private RecordOutcome ExecuteHere(in CallRecord record, in CallRecord logged)
    {
        RefuseBeyond(record);
        _time++;
        _began = _time;
        if (_forking.Count != 0 && record.Kind is CallRecordKind.Call or CallRecordKind.CallStarted)
            NoteBesideForks(record);
        if (_overlapping.Count != 0 && record.Kind == CallRecordKind.Call && Waits(record, logged))
            return new(RecordFate.Waiting);
        _logged = logged;
        _moves = 0;
        _observer?.OnExecuting(logged);
        var outcome = default(RecordOutcome);
        switch (record.Kind)
        {
            case CallRecordKind.Call:
                outcome = ExecuteCall(record) with { Moves = _moves };
                break;
            case CallRecordKind.CallStarted:
                BeginCall(record);
                break;
            case CallRecordKind.CloneStarted:
                BeginClone(record);
                break;
            case CallRecordKind.ThreadBegan:
                _processes.Begin(record.ThreadId, record.Outcome);
                break;
            case CallRecordKind.Exited or CallRecordKind.Killed:
                EndCalls(record.ThreadId, evenIfOpen: false);
                EndForks(record.ThreadId);
                _processes.Exit(record.ThreadId);
                break;
            case CallRecordKind.Superseded:
                _processes.Supersede(record.ThreadId, (int)record.Outcome.Value);
                break;
        }

        if (_overlapping.Count != 0)
            _overlapping.RemoveWhere(static process => process.HasEnded);
        _memory.ThrowIfHostExhausted();
        Statistics.AddressSpaces = _processes.Spaces;
        Statistics.UncertainThreads = _processes.UncertainThreads;
        Tell(logged, outcome);
        return outcome;
    }

    private void Tell(in CallRecord record, in RecordOutcome outcome)
    {
        Statistics.Count(outcome);
        _observer?.OnExecuted(record, outcome);
    }

    void IMoveObserver.Moving(MoveObservation move) => _observer?.OnMove(_logged, move);

    private EngineTarget MakeTarget() => new(new AddressSpace(_memory, _space with { Segments = _segments })) { MoveObserver = this, CongruentObserver = _congruentMoves };

    private RecordOutcome ExecuteCall(in CallRecord record)
    {
        _processes.See(record.ThreadId);
        if (record.IsInjected)
        {
            if (record.Call.Number == SystemCallNumber.Clone)
                FailClone(record.ThreadId);
            return default;
        }

        switch (record.Call.Number)
        {
            case SystemCallNumber.Clone:
                EndClone(record);
                return new(RecordFate.Executed);
            case SystemCallNumber.Execute:
                if (record.Outcome.State != CallOutcomeState.Error)
                    _processes.Execute(record.ThreadId);
                return new(RecordFate.Executed);
            case SystemCallNumber.OpenFile or SystemCallNumber.CloseFile or SystemCallNumber.DuplicateFile:
                TrackFile(record);
                return new(RecordFate.Executed);
            case SystemCallNumber.SetLimit:
                if (record.Outcome.State == CallOutcomeState.Value)
                    FollowLimit(record);
                return new(RecordFate.Executed);
            case SystemCallNumber.SetUser or SystemCallNumber.SetUsers or SystemCallNumber.SetAllUsers or SystemCallNumber.GetEffectiveUser:
            case SystemCallNumber.SetCapabilities or SystemCallNumber.GetCapabilities or SystemCallNumber.Unshare:
            case SystemCallNumber.ControlProcess when record.Call.Description is null:
                if (record.Outcome.State == CallOutcomeState.Value)
                    FollowRights(record);
                return new(RecordFate.Executed);
            case SystemCallNumber.Exit or SystemCallNumber.ExitGroup or SystemCallNumber.Truncate:
                return new(RecordFate.Executed);
            case var _ when record.Call.Standing is var standing and not CallStanding.Modelled:
                return new(standing == CallStanding.Other ? RecordFate.Executed : RecordFate.Unsupported);
        }

        if (record.Outcome.State == CallOutcomeState.Unknown)
            return new(RecordFate.Unknown);
        LogProcess process = _processes.Of(record.ThreadId);
        return record.Call.Description is { } description ? WithDoubts(process, record, FollowCall(process, record, description)) : FollowPseudoCall(process, record);
    }

    private void TrackFile(in CallRecord record)
    {
        LogProcess process = _processes.Of(record.ThreadId);
        if (record.Call.Number == SystemCallNumber.CloseFile)
            process.Close(record.Call);
        else if (record.Outcome.State == CallOutcomeState.Value && record.Call.Number == SystemCallNumber.OpenFile)
            process.Open((int)record.Outcome.Value, record.Call.Arguments.First, record.FilePath);
        else if (record.Outcome.State == CallOutcomeState.Value)
            process.Duplicate((int)record.Call.Arguments.First, (int)record.Outcome.Value);
    }

    /// <summary>A memory call: what it did in the log is done here.</summary>
    private RecordOutcome FollowCall(LogProcess process, in CallRecord record, SystemCallDescription description)
    {
        if (_processes.KnowsCredentials)
            TakeRights(process, record.ThreadId);
        if (record.Outcome.State == CallOutcomeState.Error)
            return FollowFailure(process, record, description);
        if (record.Call.Number == SystemCallNumber.Break)
            return FollowBreak(process, record, description);
        if (record.Outcome.State == CallOutcomeState.Value && !description.CanBeMadeIn(process.Space, record.Call.Arguments))
            return new(description.Effect == CallEffect.None ? RecordFate.Executed : RecordFate.Unsupported);
        CallResult result = FollowSuccess(process, record, description, out bool isAdopted);
        RecordOutcome outcome = Judge(record, result);
        if (!isAdopted)
            process.LearnHoles(description, record.Call.Arguments, record.Outcome);
        return outcome;
    }

    private RecordOutcome FollowPseudoCall(LogProcess process, in CallRecord record)
    {
        CallArguments a = record.Call.Arguments;
        if (record.Outcome.State == CallOutcomeState.Error)
            return new(RecordFate.Failed);
        if (record.Call.Number == PseudoCall.Mapping && (int)a.Fourth >= 0)
            process.Infer((int)a.Fourth);
        return Judge(record, record.Call.Number switch
        {
            PseudoCall.MemorySet => Touch(process, a.First, a.Third, Advice.PopulateWrite),
            PseudoCall.MemoryRead => Touch(process, a.First, a.Second, Advice.PopulateRead),
            PseudoCall.Absent => BeginStatingPresence(process, record.Call),
            PseudoCall.RelocateDown => Apply(process, record.Call),
            _ => process.Target.Execute(record.Call).Result,
        });
    }

    /// <summary>Makes a call, with the arguments that it has after the log was followed, and tells the follower.</summary>
    private CallResult Apply(LogProcess process, in SystemCall call)
    {
        CallAnswer answer = process.Target.Execute(call);
        _moves += answer.Moves;
        if (!_isTrying)
            _follower?.Called(_logged, process.Space, call, answer.Result);
        return answer.Result;
    }

    /// <summary>Compares a result of the engine's with the log's.</summary>
    private RecordOutcome Judge(in CallRecord record, CallResult result, RecordFate fate = RecordFate.Executed)
    {
        CallOutcome outcome = record.Outcome;
        bool agrees = outcome.State switch
        {
            CallOutcomeState.Value => !result.IsError && (record.Call.Number == PseudoCall.MemoryRead || result.Raw == outcome.Value),
            CallOutcomeState.Error => result.Error == outcome.Error,
            _ => !result.IsError,
        };
        if (agrees)
            return new(fate);
        if (outcome.State != CallOutcomeState.None)
        {
            _counts.DifferentResults++;
            if (!_options.Verify && !_isTrying)
                return new(fate);
        }

        string expected = outcome.State switch
        {
            CallOutcomeState.Value => ShownResult(outcome.Value, record),
            CallOutcomeState.Error => ErrnoName.Of(outcome.Error),
            _ => "success",
        };
        string actual = result.IsError ? ErrnoName.Of(result.Error) : ShownResult(result.Raw, record);
        return new(fate, Divergence: new Divergence(record.Name, new Difference("the results", actual, expected)) { Line = record.Line, ThreadId = record.ThreadId });
    }

    /// <summary>An error that the log shows, and that nothing in the log explains.</summary>
    private RecordOutcome Excuse(Errno error, string cause, RecordFate fate)
    {
        _counts.CountUnexplained(error);
        return new(fate) { UnshownCause = cause };
    }

    /// <summary>Shows moves to congruent places to the observer that wants them.</summary>
    private sealed class CongruentMoves(LogExecutor executor, ICongruentObserver observer) : IMoveObserver
    {
        public void Moving(MoveObservation move) => observer.OnCongruentPlace(executor._logged, move);
    }
}
