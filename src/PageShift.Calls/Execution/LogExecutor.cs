using System.Globalization;
using PageShift.Abi;
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
    public const ulong LargestPopulated = 64UL << 30;

    private readonly LogExecutorOptions _options;
    private readonly ILogObserver _observer;
    private readonly ISpaceFollower? _follower;
    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly ProcessTable _processes;
    private readonly List<Mapping> _found = [];
    private CallRecord _record;

    /// <summary>Makes an executor that reports to <paramref name="observer"/>, and is followed by <paramref name="follower"/>, if there is one.</summary>
    public LogExecutor(LogExecutorOptions options, ILogObserver observer, ISpaceFollower? follower = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        _options = options;
        _observer = observer;
        _follower = follower;
        _processes = new ProcessTable(MakeSpace, follower);
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

    /// <summary>Executes one record.</summary>
    /// <exception cref="OutOfMemoryException">The host has not enough memory for it; nothing is to be made of this executor any more.</exception>
    public void Execute(in CallRecord record)
    {
        _record = record;
        switch (record.Kind)
        {
            case CallRecordKind.Call:
                ExecuteCall(record);
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
    }

    void IMoveObserver.Moving(MoveObservation move)
    {
        Statistics.Moves++;
        _observer.OnMove(_record, move);
    }

    private AddressSpace MakeSpace() => new(_memory, _options.Space) { MoveObserver = this };

    private void ExecuteCall(in CallRecord record)
    {
        _processes.See(record.ThreadId);
        if (record.IsInjected)
        {
            if (record.Call.Kind == CallKind.Clone)
                _processes.CloneFails(record.ThreadId);
            return;
        }

        switch (record.Call.Kind)
        {
            case CallKind.Other or CallKind.Exit or CallKind.ExitGroup or CallKind.Truncate or CallKind.SetLimit:
                Statistics.Calls++;
                return;
            case CallKind.Unknown or CallKind.Unsupported:
                Statistics.UnsupportedCalls++;
                return;
            case CallKind.Clone:
                FinishClone(record);
                return;
            case CallKind.Execute:
                if (record.Outcome.State != CallOutcomeState.Error)
                    _processes.Execute(record.ThreadId);
                Statistics.Calls++;
                return;
            case CallKind.OpenFile or CallKind.CloseFile or CallKind.DuplicateFile:
                TrackFile(record);
                return;
        }

        if (record.Outcome.State == CallOutcomeState.Unknown)
        {
            Statistics.UnknownOutcomes++;
            return;
        }

        if (record.Outcome.State == CallOutcomeState.Error && !_options.Verify)
        {
            Statistics.FailedCalls++;
            return;
        }

        Statistics.Calls++;
        ExecuteMemoryCall(_processes.Of(record.ThreadId), record);
    }

    private void FinishClone(in CallRecord record)
    {
        Statistics.Calls++;
        if (record.Outcome.State == CallOutcomeState.Value)
            _processes.CloneEnds(record.ThreadId, (int)record.Outcome.Value, record.CloneFlags);
        else if (!record.Outcome.IsCutOff)
            _processes.CloneFails(record.ThreadId);
    }

    private void TrackFile(in CallRecord record)
    {
        Statistics.Calls++;
        TracedProcess process = _processes.Of(record.ThreadId);
        if (record.Call.Kind == CallKind.CloseFile)
            process.Close(record.Call.Arguments.First, record.Call.Arguments.Second);
        else if (record.Outcome.State == CallOutcomeState.Value && record.Call.Kind == CallKind.OpenFile)
            process.Open((int)record.Outcome.Value);
        else if (record.Outcome.State == CallOutcomeState.Value)
            process.Duplicate((int)record.Call.Arguments.First, (int)record.Outcome.Value);
    }

    private void ExecuteMemoryCall(TracedProcess process, in CallRecord record)
    {
        Adopt(process, record);
        CallResult result = record.Call.Kind switch
        {
            CallKind.Map => Map(process, record),
            CallKind.Remap => Remap(process, record),
            CallKind.Break => Break(process, record),
            CallKind.MemorySet => Touch(process.Space, record.Call.Arguments.First, record.Call.Arguments.Third, Advice.PopulateWrite),
            CallKind.MemoryRead => Touch(process.Space, record.Call.Arguments.First, record.Call.Arguments.Second, Advice.PopulateRead),
            CallKind.Present => MarkPresent(process, record.Call.Arguments),
            CallKind.Absent => MarkAbsent(process),
            CallKind.AnonVma => MarkPrivate(process, record.Call.Arguments),
            CallKind.InCore => new CallResult(0), // the log shows what it returned; nothing changes
            _ => Apply(process.Space, record.Call),
        };
        if (!result.IsError)
            PopulateAfter(process, record, result);
        Compare(record, result);
    }

    /// <summary>Makes a call, with the arguments that it has after the log was followed, and tells the follower.</summary>
    private CallResult Apply(AddressSpace space, in SystemCall call, OpenFile? file = null)
    {
        CallArguments a = call.Arguments;
        var start = new VirtualAddress(a.First);
        CallResult result = call.Kind switch
        {
            CallKind.Map => space.Map(start, new ByteLength(a.Second), (Protection)a.Third, (MapFlags)a.Fourth, file, a.Sixth),
            CallKind.RelocateDown => space.RelocateDown(start, new ByteLength(a.Second), new ByteLength(a.Third)),
            _ => new CallResult(space.Invoke((long)call.Number!.Value, a.First, a.Second, a.Third, a.Fourth, a.Fifth, a.Sixth)),
        };
        _follower?.Called(_record, space, call, file, result);
        return result;
    }

    private void Compare(in CallRecord record, CallResult result)
    {
        CallOutcome outcome = record.Outcome;
        bool agrees = outcome.State switch
        {
            CallOutcomeState.Value => !result.IsError && (record.Call.Kind is CallKind.InCore or CallKind.MemoryRead || result.Raw == outcome.Value),
            CallOutcomeState.Error => result.Error == outcome.Error,
            _ => !result.IsError,
        };
        if (agrees)
            return;
        if (!_options.Verify && outcome.State != CallOutcomeState.None)
        {
            Statistics.DifferentResults++;
            return;
        }

        string expected = outcome.State switch
        {
            CallOutcomeState.Value => string.Create(CultureInfo.InvariantCulture, $"0x{outcome.Value:x}"),
            CallOutcomeState.Error => ErrnoName.Of(outcome.Error),
            _ => "success",
        };
        string actual = result.IsError ? ErrnoName.Of(result.Error) : string.Create(CultureInfo.InvariantCulture, $"0x{result.Raw:x}");
        _observer.OnDivergence(new Divergence(record.Line, record.Name, expected, actual));
    }
}
