using System.Globalization;
using PageShift.Calls.Execution;
using PageShift.Linux.Timing;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Cli.Tracing;

/// <summary>Traces a program, and tells an output what its moves cost.</summary>
internal sealed class TraceRun : IFollowObserver
{
    private static readonly MovePolicy[] Compared = [MovePolicy.Linux67, MovePolicy.PageShift];

    private readonly TraceReport _report;
    private readonly ITraceOutput _output;

    private TraceRun(TraceSettings settings, ITraceOutput output)
    {
        _report = new TraceReport(settings);
        _output = output;
    }

    /// <summary>Runs the command that <paramref name="settings"/> name, to its end, or follows the process that they name.</summary>
    /// <returns>The command's status, as a shell shows it; 0 for a process that is no child of the tool.</returns>
    /// <exception cref="NotPossibleException">The command or process can't be traced.</exception>
    internal static int Execute(TraceSettings settings, ITraceOutput output, TextWriter? log)
    {
        var run = new TraceRun(settings, output);
        var load = MachineLoad.Begin();
        FollowResult result = settings.Process is { } process ? Attach(process, settings.For, run, log) : TraceFollower.Run(new TracedCommand(settings.Command), run, new FollowOptions { PlacesCongruent = settings.PlacesCongruent, Counted = settings.Kernel?.Policy }, log);
        if (result.Trace.Outcome == TraceOutcome.NotStarted)
            throw new NotPossibleException(result.Trace.Reason!);
        log?.Flush();
        run._report.Result = result.Trace;
        run._report.Statistics = result.Statistics;
        run._report.Others = load?.End(TimeSpan.FromMicroseconds(result.Trace.Statistics.ProcessorNanoseconds / 1000.0));
        output.Finish(run._report);
        return settings.Process is null ? result.Trace.Status.ShellStatus : ExitCode.Done;
    }

    private static FollowResult Attach(int process, TimeSpan? time, TraceRun run, TextWriter? log)
    {
        string limit = time is { } span ? string.Create(CultureInfo.InvariantCulture, $" for {span.TotalSeconds:0.###} s") : "";
        var options = new FollowOptions { Counted = run._report.Settings.Kernel?.Policy, Attached = () => Console.Error.WriteLine($"pageshift: following process {process}{limit}; Ctrl-C leaves it, and it runs on") };
        return TraceFollower.Attach(process, run, options, log, time);
    }

    // What the kernel counts is judged by its own policy.
    IReadOnlyList<MovePolicy> IFollowObserver.PoliciesFor(long earlierMoves) =>
        _output.WantsEveryPolicy(earlierMoves) || (_report.Settings.Kernel is { } kernel && !Compared.Contains(kernel.Policy)) ? MovePolicyName.All : Compared;

    public void Moved(FollowedMove move)
    {
        _report.Add(move);
        _output.Add(new TracedMove(move));
    }

    public void Diverged(Divergence divergence) => _report.Add(divergence);
}
