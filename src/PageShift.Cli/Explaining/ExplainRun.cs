using System.Text;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Cli.Moves;
using PageShift.Cli.Running;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Explaining;

/// <summary>Makes the calls up to one that moves a mapping, and that one, and keeps what explains its moves.</summary>
internal sealed class ExplainRun : ILogObserver, ISpaceFollower, IDisposable
{
    internal const string WithOption = "--with";

    private readonly LogSettings _settings;
    private readonly LogExecutor _executor;
    private readonly List<ExplainedMove> _moves = [];
    private bool _isExplaining;

    private ExplainRun(LogSettings settings)
    {
        _settings = settings;
        var options = new LogExecutorOptions
        {
            Space = settings.Space,
            Populate = settings.Populate,
            Machine = settings.Machine,
        };
        _executor = new LogExecutor(options, this, this);
    }

    public void Dispose() => _executor.Dispose();

    /// <summary>Explains the moves of a log's call.</summary>
    /// <exception cref="UsageException">The log can't be opened, or has no such call, or the call moves nothing.</exception>
    /// <exception cref="CallSyntaxException">A line up to the call can't be read.</exception>
    internal static Explanation Explain(LogSettings settings, LogPlace place)
    {
        using var reader = LogInput.Open([place.File], settings);
        using var run = new ExplainRun(Known(settings, reader.FindMachine(settings)));
        (CallRecord Record, Divergence? Divergence)? named = null;
        while (reader.TryRead() && (reader.Current.Line <= place.Line || run._moves.Count == 0))
        {
            ref readonly CallRecord record = ref reader.Current;
            run._isExplaining = record.Line == place.Line && record.Kind == CallRecordKind.Call;
            RecordOutcome outcome = LogRun.Execute(run._executor, record, reader);
            named = run._isExplaining ? (record, outcome.Divergence) : named;
            if (record.Line > place.Line && outcome.Moves != 0)
                throw NoMove(place, DescribeCall(named), $"such as the one on line {record.Line}");
        }

        reader.ThrowIfNothingUnderstood();
        return run._moves.Count != 0 ? run.Finish(reader) : throw NoMove(place, DescribeCall(named), "mremap or relocate_vma_down");
    }

    /// <summary>Explains a move that options describe.</summary>
    /// <exception cref="UsageException">The move, or a call before it, is not possible.</exception>
    /// <exception cref="CallSyntaxException">A call before it can't be read.</exception>
    internal static Explanation Explain(LogSettings settings, DescribedMove move)
    {
        using var run = new ExplainRun(settings);
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', move.Before));
        using var stream = new MemoryStream(text);
        using var reader = new LogInput(stream, WithOption, settings with { Lenient = false, Strict = true });
        while (reader.TryRead())
        {
            ref readonly CallRecord record = ref reader.Current;
            if (record.Kind == CallRecordKind.Call && record.Call.Number is not SystemCallNumber.Map)
                run.MakeSource(move);
            RecordOutcome outcome = run._executor.Execute(record);
            if (outcome.Fate == RecordFate.Unsupported)
                throw new UsageException($"{WithOption}: found {record.Name}, whose effect is not modelled, expected a call such as mmap(…) or munmap(…)");
            if (outcome.Divergence is { } failed)
                throw new UsageException($"{WithOption}: {failed.Call} gives {failed.Engine}, expected {failed.Kernel}");
        }

        run.MakeSource(move);
        run._isExplaining = true;
        CallRecord call = RecordOf(move);
        if (run._executor.Execute(call).Divergence is { } refused)
        {
            string hole = run._executor.SpaceOf(0).FindHole(move.Source.Unscaled(run.Scale)) is { } unmapped ? $"; nothing is mapped at {unmapped.Scaled(run.Scale).Start}" : "";
            throw new UsageException($"{call.Name} from {move.Old} to {move.New} gives {refused.Engine}{hole}, expected a move that Linux makes");
        }

        return run.Finish(reader);
    }

    public void OnMove(in CallRecord record, MoveObservation move)
    {
        if (!_isExplaining)
            return;
        KeepTablesOfLast(move.GetTables);
        var plans = new PlannedMove[_settings.Policies.Count];
        for (int i = 0; i < plans.Length; i++)
            plans[i] = PlannedMove.Of(move.Plan(_settings.Policies[i])).Scaled(Scale);

        MovePlan executed = move.Plan(_settings.Executing);
        MovePlaces places = MovePlaces.Of(move.Request.Scaled(Scale), executed.Congruence, _settings.Geometry) with { TableMoves = _settings.Machine.TableMoves };
        AddressRange[] surroundings = places.Surroundings(plans);
        PageTableSnapshot before = TablesIn(surroundings, move.GetTables);
        _moves.Add(new ExplainedMove
        {
            Call = record.Name,
            Explanation = new MoveExplanation(places.Among(before), plans),
            Executed = ExecutedPlan.Of(executed, Scale),
            Surroundings = surroundings,
            Before = before,
        });
    }

    public void Called(in CallRecord record, AddressSpace space, in SystemCall call, CallResult result)
    {
        if (_isExplaining)
            KeepTablesOfLast(space.GetTables);
    }

    public void Made(AddressSpace space)
    {
    }

    public void Forked(AddressSpace parent, AddressSpace child)
    {
    }

    public void Ended(AddressSpace space)
    {
    }

    private delegate PageTableSnapshot TableReader(params ReadOnlySpan<AddressRange> ranges);

    /// <summary>The move before has been made: keeps what it left. What a log populates afterwards is not part of it.</summary>
    private void KeepTablesOfLast(TableReader read)
    {
        if (_moves.Count != 0 && _moves[^1] is { After: null } last)
            _moves[^1] = last with { After = TablesIn(last.Surroundings, read) };
    }

    /// <summary>How many bits shorter the engine's addresses are than the log's.</summary>
    private int Scale => _settings.Machine.Scale;

    /// <summary>The tables in ranges, both with the log's addresses: the engine's are shorter where the log's pages are larger.</summary>
    private PageTableSnapshot TablesIn(AddressRange[] ranges, TableReader read) => read([.. ranges.Select(range => range.Unscaled(Scale))]).Scaled(Scale);

    /// <summary>Maps the source when nothing is mapped there.</summary>
    private void MakeSource(DescribedMove move)
    {
        AddressRange source = move.Source.Unscaled(Scale);
        if (_executor.SpaceOf(0).FindHole(source) != source)
            return;
        MapFlags flags = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | (move.IsStackMove ? MapFlags.GrowsDown | MapFlags.Stack : 0);
        var arguments = new CallArguments(
            move.Old.Value, move.Length.Value, (ulong)(Protection.Read | Protection.Write), (ulong)flags, ulong.MaxValue);
        RecordOutcome outcome = _executor.Execute(new CallRecord { Kind = CallRecordKind.Call, Call = new SystemCall(SystemCallNumber.Map, arguments) });
        if (outcome.Divergence is { } refused)
            throw new UsageException($"mapping {move.Old} gives {refused.Engine}, expected a place where a mapping can be");
    }

    private static CallRecord RecordOf(DescribedMove move)
    {
        SystemCall call = move.IsStackMove
            ? new SystemCall(PseudoCall.RelocateDown, new CallArguments(move.Old.Value, move.Length.Value, (move.Old - move.New).Value))
            : new SystemCall(SystemCallNumber.Remap, new CallArguments(
                move.Old.Value, move.Length.Value, move.Length.Value, (ulong)(RemapFlags.MayMove | RemapFlags.Fixed), move.New.Value));
        return new CallRecord { Kind = CallRecordKind.Call, Call = call };
    }

    /// <summary>The settings with the machine that is now known.</summary>
    internal static LogSettings Known(LogSettings settings, Machine machine) =>
        ReferenceEquals(machine, Machine.Usual) ? settings : settings with { Machine = machine, Geometry = machine.ShownGeometry };

    private Explanation Finish(LogInput reader) => new(_settings, _executor.Statistics, reader.Counts, reader.Warnings, reader.Noise, _moves);

    private static UsageException NoMove(LogPlace place, string found, string hint) => new($"{place}: found {found}, expected a call that moves a mapping, {hint}");

    /// <summary>What stands on a line that moves nothing.</summary>
    private static string DescribeCall((CallRecord Record, Divergence? Divergence)? named)
    {
        if (named is not var (call, divergence))
            return "no call";
        if (call.Outcome.State == CallOutcomeState.Error)
            return $"{call.Name} that failed ({ErrnoName.Of(call.Outcome.Error)})";
        if (divergence is { } refused)
            return $"{call.Name} that gives {refused.Engine}";
        return call.Call.Number == SystemCallNumber.Remap ? $"{call.Name} that moves nothing" : call.Name;
    }
}
