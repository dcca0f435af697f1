using PageShift.Calls.Execution;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Samples;

/// <summary>Following a live process from code: each move as it happens, with what it costs.</summary>
internal sealed class LiveProcess : IFollowObserver
{
    internal static int Run(string[] command)
    {
        FollowResult result = TraceFollower.Run(new TracedCommand(command), new LiveProcess());
        if (result.Trace.Outcome == TraceOutcome.NotStarted)
        {
            Console.Error.WriteLine(result.Trace.Reason);
            return 3;
        }

        Console.WriteLine($"{result.Statistics.Moves} moves, {result.Statistics.Divergences} divergences");
        return result.Trace.Status.ShellStatus;
    }

    public void Moved(FollowedMove move)
    {
        MoveCost now = move.Under(MovePolicy.Linux67).Cost, best = move.BestPlaced(MovePolicy.PageShift).Cost;
        Console.WriteLine($"{move.Site}: {move.PresentPages} pages; {now.Entries} entries now, {best.Entries} at a congruent place");
    }

    public void Diverged(Divergence divergence) => Console.Error.WriteLine(divergence);
}
