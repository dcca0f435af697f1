using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Tracing;

namespace PageShift.Verification.Following;

/// <summary>Follows a traced program with the engine: each address space is taken over from the process's real mappings when it begins, each memory call is repeated on the
/// engine, and results, mappings and, at moves, present pages are compared. What a move costs under each policy is planned on the pages that were present just before it.</summary>
/// <remarks>Not thread-safe: one run at a time for each object.</remarks>
public sealed class TraceFollower : ITraceObserver
{
    private readonly FollowContext _context;
    private readonly Dictionary<int, FollowedSpace> _spaces = [];
    private readonly Dictionary<int, int> _spaceOfProcess = [];

    private bool _isAttached;

    private TraceFollower(FollowContext context) => _context = context;

    /// <summary>Runs a command and follows it and all that it starts until all have ended.</summary>
    /// <param name="command">What to trace.</param>
    /// <param name="observer">Receives moves and divergences, on the tracing thread.</param>
    /// <param name="log">Takes the calls as a log that can be run again with the same moves, or null. It stays the caller's to flush and to close.</param>
    /// <param name="cancellation">Kills every traced process (SIGKILL) when cancelled.</param>
    /// <returns>How the command ended, or why it could not be traced; and what was counted.</returns>
    /// <exception cref="IOException">The log can't be written; every traced process was killed.</exception>
    public static FollowResult Run(TracedCommand command, IFollowObserver observer, TextWriter? log = null, CancellationToken cancellation = default)
    {
        return Follow(observer, log, new FollowOptions(), follower => ProcessTracer.Run(command, follower, cancellation));
    }

    /// <summary>The same, with <paramref name="options"/>.</summary>
    internal static FollowResult Run(TracedCommand command, IFollowObserver observer, FollowOptions options, TextWriter? log = null, CancellationToken cancellation = default) =>
        Follow(observer, log, options, follower => ProcessTracer.Run(command, follower, cancellation));

    /// <summary>Follows a process that runs already, and all that it starts from now on, until it has ended or is left; then it runs on.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="observer">Receives moves and divergences, on the tracing thread.</param>
    /// <param name="log">Takes the calls as a log that can be run again with the same moves, or null. It stays the caller's to flush and to close.</param>
    /// <param name="time">Leaves the process when it has been followed for so long; null for no such limit.</param>
    /// <param name="leave">Leaves the process when cancelled. Signals do so too (<see cref="ProcessTracer.Attach"/>).</param>
    /// <returns>How the process ended, that it runs on, or why it could not be traced; and what was counted.</returns>
    /// <exception cref="IOException">The log can't be written; the process runs on.</exception>
    public static FollowResult Attach(int processId, IFollowObserver observer, TextWriter? log = null, TimeSpan? time = null, CancellationToken leave = default) =>
        Attach(processId, observer, new FollowOptions(), log, time, leave);

    /// <summary>The same, with <paramref name="options"/>.</summary>
    internal static FollowResult Attach(int processId, IFollowObserver observer, FollowOptions options, TextWriter? log = null, TimeSpan? time = null, CancellationToken leave = default) =>
        Follow(observer, log, options, follower => ProcessTracer.Attach(processId, follower, time, leave));

    private static FollowResult Follow(IFollowObserver observer, TextWriter? log, FollowOptions options, Func<TraceFollower, TraceResult> trace)
    {
        ArgumentNullException.ThrowIfNull(observer);
        using var context = new FollowContext(observer, log is null ? null : new FollowLog(log)) { Options = options };
        var follower = new TraceFollower(context);
        try
        {
            return new FollowResult(trace(follower), context.Statistics);
        }
        finally
        {
            foreach (FollowedSpace space in follower._spaces.Values)
                space.Dispose();
        }
    }

    void ITraceObserver.ProcessStarted(in ProcessStart start)
    {
        FollowedSpace? parent = SpaceOf(start.ParentProcessId);
        if (parent is null && start.ParentProcessId != ProcessStart.UnknownParent)
            return; // the command itself, before it executes its program; or the child of one that is not followed
        if (!start.SharesAddressSpace)
            parent?.LearnCopied(start.ProcessId);
        _context.Log?.WriteProcess(start);
        _spaceOfProcess[start.ProcessId] = start.AddressSpaceId;
        if (start.SharesAddressSpace && parent is not null)
            parent.Processes++;
        else if ((parent is null ? FollowedSpace.TryFollow(_context, start.ProcessId) : parent.TryFork(start.ProcessId)) is { } space)
            _spaces.Add(start.AddressSpaceId, space);
        else if (FollowedSpace.IsHidden(start.ProcessId))
            _context.Statistics.HiddenPrograms++;
        if (start.ParentProcessId != ProcessStart.UnknownParent || _isAttached)
            return;
        _isAttached = true;
        _context.Options.Attached?.Invoke();
    }

    void ITraceObserver.ThreadStarted(in ThreadCreation start)
    {
        _context.Log?.WriteThread(start);
        if (SpaceOf(start.ProcessId) is { } space)
            space.HasThreads = true;
    }

    void ITraceObserver.ProgramStarted(in ProgramStart start)
    {
        ProcessControls? controls = SpaceOf(start.ProcessId)?.Engine.Controls.Inherited;
        Leave(start.ProcessId);
        _context.Log?.WriteProgram(start);
        _spaceOfProcess[start.ProcessId] = start.AddressSpaceId;
        if (FollowedSpace.TryFollow(_context, start.ProcessId) is { } space)
        {
            space.Engine.Controls = controls ?? space.Engine.Controls;
            _spaces.Add(start.AddressSpaceId, space);
        }
        else if (FollowedSpace.IsHidden(start.ProcessId))
            _context.Statistics.HiddenPrograms++;
    }

    bool ITraceObserver.WantsStandstill(in CallEntry call) =>
        _spaces.TryGetValue(call.AddressSpaceId, out FollowedSpace? space) && space.IsConcurrent && space.WantsStandstill(call);

    CallArguments? ITraceObserver.Replace(in CallEntry call) =>
        _context.Options.PlacesCongruent && _spaces.TryGetValue(call.AddressSpaceId, out FollowedSpace? space) ? space.Place(call) : null;

    void ITraceObserver.NotReplaced(in CallEntry call, ReplacementFailure failure)
    {
        if (_spaces.TryGetValue(call.AddressSpaceId, out FollowedSpace? space))
            space.NotPlaced(failure);
    }

    void ITraceObserver.CallEntered(in CallEntry call)
    {
        if (_spaces.TryGetValue(call.AddressSpaceId, out FollowedSpace? space))
            space.Enter(call);
    }

    void ITraceObserver.CallCompleted(in CallExit call)
    {
        _context.Statistics.Count(call);
        if (_spaces.TryGetValue(call.Entry.AddressSpaceId, out FollowedSpace? space))
            space.Complete(call);
    }

    void ITraceObserver.CallAbandoned(in CallEntry call)
    {
        if (_spaces.TryGetValue(call.AddressSpaceId, out FollowedSpace? space))
            space.Abandon(call);
    }

    void ITraceObserver.ForeignCallCompleted(in ForeignCall call)
    {
        // What it did is not known, and a program that makes one makes many.
        _context.Statistics.ForeignCalls++;
        if (!_spaces.Remove(call.AddressSpaceId, out FollowedSpace? space))
            return;
        _context.Statistics.AbandonedSpaces++;
        space.Dispose();
    }

    void ITraceObserver.ProcessEnding(int processId)
    {
        if (SpaceOf(processId) is { Processes: 1 } space)
            space.Finish();
    }

    void ITraceObserver.ProcessEnded(in ProcessEnd end)
    {
        _context.Log?.WriteEnd(end);
        Leave(end.ProcessId);
        _ = _spaceOfProcess.Remove(end.ProcessId);
    }

    private FollowedSpace? SpaceOf(int process) =>
        _spaceOfProcess.TryGetValue(process, out int id) && _spaces.TryGetValue(id, out FollowedSpace? space) ? space : null;

    private void Leave(int process)
    {
        if (SpaceOf(process) is not { } space || --space.Processes > 0)
            return;
        _ = _spaces.Remove(_spaceOfProcess[process]);
        space.Dispose();
    }
}

/// <summary>What became of a followed command.</summary>
/// <param name="Trace">How it ended, or why it could not be traced.</param>
/// <param name="Statistics">What was counted.</param>
public sealed record FollowResult(TraceResult Trace, FollowStatistics Statistics);
