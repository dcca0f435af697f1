using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Cli.Moves;
using PageShift.Cli.Progress;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Running;

/// <summary>Reads a log and executes it, and tells an output what its moves cost.</summary>
internal sealed class LogRun : ILogObserver, ICongruentObserver, IKernelObserver
{
    private readonly RunReport _report;
    private readonly IRunOutput _output;
    private readonly IRunRecorder? _recorder;
    private readonly long? _lastLine;

    // Which of several files the call is in that was read last, and which one each thread's calls are in. Of one file nothing is noted.
    private readonly Dictionary<int, string> _files = [];
    private string? _file;

    // The moves of the call that is being made, which the kernel has yet to make, and what it is predicted to do for all of them.
    private readonly List<MoveReport> _pending = [];
    private MoveCost _predicted;

    // The call that is about to be made, at a congruent place.
    private CongruentForecast? _forecast;

    private LogRun(RunSettings settings, IRunOutput output, long? lastLine)
    {
        _lastLine = lastLine;
        _report = new RunReport(settings);
        _output = output;
        _recorder = output.Recorder;
    }

    /// <summary>Runs the log that <paramref name="settings"/> name.</summary>
    /// <exception cref="UsageException">The log can't be opened.</exception>
    /// <exception cref="CallSyntaxException">A line can't be read.</exception>
    /// <exception cref="NotPossibleException">The running kernel was asked for, and can't be used.</exception>
    internal static RunReport Execute(RunSettings settings, IRunOutput output)
    {
        using var input = LogInput.Open(settings.Files, settings);
        return Execute(settings, output, input, lastLine: null);
    }

    /// <summary>Runs a log from a stream, up to a line, if one is given.</summary>
    internal static RunReport Execute(RunSettings settings, IRunOutput output, Stream stream, long? lastLine)
    {
        using var input = new LogInput(stream, settings.File, settings);
        return Execute(settings, output, input, lastLine);
    }

    private static RunReport Execute(RunSettings settings, IRunOutput output, LogInput input, long? lastLine)
    {
        Machine machine = input.FindMachine(settings);
        RefuseWhatNeedsUsual(settings, machine);
        if (lastLine is null)
            input.ReadAhead();
        if (!ReferenceEquals(machine, Machine.Usual))
            settings = settings with { Machine = machine, Geometry = machine.ShownGeometry };
        var run = new LogRun(settings, output, lastLine);
        using KernelFollower? follower = settings.Kernel is null ? null : run.Follow();
        var options = new LogExecutorOptions
        {
            Space = follower is null ? settings.Space : KernelFollower.Surround(settings.Space),
            Populate = settings.Populate,
            Verify = settings.Verify,
            Machine = machine,
        };
        using (var executor = new LogExecutor(options, run, run._recorder is { } recorder ? recorder.Before(follower, machine.Scale) : follower))
        using (ProgressLine.Begin(() => Tell(input, executor.Statistics)))
        {
            while (input.TryRead() && (lastLine is null || input.Current.Line <= lastLine))
            {
                ref readonly CallRecord record = ref input.Current;
                if (settings.Files.Count != 1)
                    run._files[record.ThreadId] = run._file = input.File;
                if (settings.Kernel is not null && record.Call.Number is PseudoCall.Absent or PseudoCall.Present or PseudoCall.Mapping)
                    throw new NotPossibleException($"{input.File}:{record.Line}: the log says which pages are present, which the running kernel can't be told: run it without --on");
                _ = Execute(executor, record, input);
            }

            executor.Finish();
            run._report.Statistics = executor.Statistics;
        }

        input.ThrowIfNothingUnderstood();

        run._report.Counts = input.Counts;
        run._report.Warnings = input.Warnings;
        run._report.Noise = input.Noise;
        output.Finish(run._report);
        return run._report;
    }

    public void OnExecuting(in CallRecord record)
    {
        _forecast = null;
        _recorder?.Begin(record);
    }

    // The two policies that are compared.
    bool ICongruentObserver.WantsCongruentPlaces => _report.Settings.Policies.Contains(MovePolicy.Linux67) && _report.Settings.Policies.Contains(MovePolicy.PageShift);

    public void OnCongruentPlace(in CallRecord record, MoveObservation move) => _forecast = CongruentForecast.Of(move, _report.Settings.Machine.Scale);

    public void OnExecuted(in CallRecord record, in RecordOutcome outcome)
    {
        _report.Tally.Add(record, outcome, _report.Settings.Verify);
        if (outcome.Divergence is { } divergence)
            _report.Add(new PlacedDivergence(FileOf(record), divergence));
        if (outcome.UnshownCause is { } cause)
            _report.Add(new UnexplainedResult(FileOf(record), record.Line, record.Name, NameOfResult(record), cause));
        _recorder?.End(record, outcome);
    }

    // A brk that returns something else than what was asked for has failed, though it returns no error.
    private static string NameOfResult(in CallRecord record) =>
        record.Outcome.State == CallOutcomeState.Error ? ErrnoName.Of(record.Outcome.Error)
        : record.Call.Number == SystemCallNumber.Break ? ErrnoName.Of(Errno.OutOfMemory)
        : "success";

    public void OnMove(in CallRecord record, MoveObservation move)
    {
        int scale = _report.Settings.Machine.Scale;
        MoveRequest request = scale == 0 ? move.Request : move.Request.Scaled(scale);
        var policies = new PlannedMove[_report.Settings.Policies.Count];
        for (int i = 0; i < policies.Length; i++)
            policies[i] = PlannedMove.Of(move.Plan(_report.Settings.Policies[i])).Scaled(scale);

        PageTableLevel congruence = move.Plan(_report.Settings.Policies[0]).Congruence;
        var places = MovePlaces.Of(request, congruence, _report.Settings.Geometry) with { TableMoves = _report.Settings.Machine.TableMoves };
        if (record.Line == _lastLine) // the move that is explained, with what lives around it
            places = places.Among(move.GetTables(places.Surroundings(policies)));
        var report = new MoveReport
        {
            File = FileOf(record),
            Line = record.Line,
            Call = record.Name,
            ThreadId = record.ThreadId,
            Request = request,
            Congruence = congruence,
            Places = places,
            Policies = policies,
            Congruent = _forecast is { } forecast && policies.Any(p => forecast.IsPlannedUnder(p.Policy) && forecast.BetterThan(p, congruence) is not null) ? forecast : null,
        };
        _forecast = null; // of several moves of one call there is none
        if (_report.Settings.Kernel is { } kernel)
        {
            MoveCost cost = move.Plan(kernel.Policy).Cost;
            _predicted = _pending.Count == 0 ? cost : _predicted + cost;
            _pending.Add(report);
        }
        else
        {
            Add(report);
        }
    }

    public void OnMeasured(in CallRecord record, in KernelMove move)
    {
        if (_pending.Count == 0)
            return; // it moved nothing: it grew or shrank in place
        var kernel = KernelReport.Of(_report.Settings.Kernel!.Value.Policy, _predicted, move, _pending.Count);
        _report.Kernel.Add(kernel);
        foreach (MoveReport report in _pending)
            Add(report with { Kernel = kernel });
        _pending.Clear();
    }

    public void OnParted(Divergence divergence) => _report.KernelDivergences.Add(new PlacedDivergence(_file, divergence));

    /// <summary>Executes a record.</summary>
    /// <exception cref="UsageException">It shows an address that the page tables can't hold.</exception>
    internal static RecordOutcome Execute(LogExecutor executor, in CallRecord record, LogInput input)
    {
        try
        {
            return executor.Execute(record);
        }
        catch (UnsupportedMachineException error)
        {
            throw new UsageException($"{input.File}:{error.Line}: {error.Message}");
        }
    }

    /// <summary>Refuses what is there for the machine that this runs on.</summary>
    private static void RefuseWhatNeedsUsual(RunSettings settings, Machine machine)
    {
        bool hasTables = machine.Geometry == PagingGeometry.X86 && machine.Scale == 0;
        if (settings.Kernel is not null && !(hasTables && machine.Architecture is Architecture.X64 or Architecture.I386))
            throw new UsageException($"--on: the log is taken for {MachineText.Of(machine)}, which the running kernel is not: run it without --on");
    }

    /// <summary>How far a run is. Called on another thread: each of the numbers is read as a whole, which is enough.</summary>
    private static string? Tell(LogInput input, LogStatistics statistics)
    {
        long bytes = input.Counts.Bytes;
        string part = input.Part is { } read ? string.Create(CultureInfo.InvariantCulture, $"{100 * read:f0} %") : $"{bytes >> 20} MiB";
        return bytes == 0 ? null : $"{part} read, {statistics.Calls} calls, {statistics.Moves} moves";
    }

    private string? FileOf(in CallRecord record) => _files.GetValueOrDefault(record.ThreadId);

    private void Add(MoveReport report)
    {
        _report.Add(report);
        _output.Add(report);
    }

    private KernelFollower Follow() => KernelFollower.TryStart(this, _report.Settings.Profile, out string? reason) ?? throw new NotPossibleException(reason!);
}
