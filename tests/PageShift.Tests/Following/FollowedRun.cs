using System.Globalization;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.Tests.Tracing;
using PageShift.Units;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>Follows programs, bounded in time, and keeps what was found; skips where the system does not permit tracing.</summary>
internal sealed class FollowedRun : IFollowObserver
{
    private FollowedRun()
    {
    }

    internal List<FollowedMove> Moves { get; } = [];

    internal List<Divergence> Divergences { get; } = [];

    /// <summary>The calls, as a log.</summary>
    internal string Log { get; private set; } = "";

    internal TraceResult Trace { get; private set; } = null!;

    internal FollowStatistics Statistics { get; private set; } = null!;

    /// <summary>Compiles a C program and follows it. It has to end with 0, and engine and kernel have to agree.</summary>
    internal static FollowedRun OfC(string body)
    {
        using var program = new CProgram(body);
        FollowedRun run = Of(program.Path);
        Assert.Equal(0, run.Trace.Status.ShellStatus);
        run.AssertAgreement();
        return run;
    }

    /// <summary>The same, with congruent destinations for the moves that leave theirs to the kernel.</summary>
    internal static FollowedRun PlacedC(string body)
    {
        using var program = new CProgram(body);
        FollowedRun run = Of([program.Path], isPlaced: true);
        Assert.Equal(0, run.Trace.Status.ShellStatus);
        run.AssertAgreement();
        return run;
    }

    /// <summary>Follows a command. Its log, whatever the command did, has to replay with nothing inferred.</summary>
    internal static FollowedRun Of(params string[] command) => Of(command, isPlaced: false);

    private static FollowedRun Of(string[] command, bool isPlaced)
    {
        TracedRun.SkipUnlessPermitted();
        using var limit = new CancellationTokenSource(HangGuard.Limit);
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        var run = new FollowedRun();
        FollowResult result = TraceFollower.Run(new TracedCommand(command), run, new FollowOptions { PlacesCongruent = isPlaced }, log, limit.Token);
        Assert.NotEqual(TraceOutcome.Cancelled, result.Trace.Outcome);
        (run.Trace, run.Statistics, run.Log) = (result.Trace, result.Statistics, log.ToString());
        run.AssertReplaysEqually();
        return run;
    }

    /// <summary>Places in the source that were looked up while the program waited.</summary>
    internal int EarlySources { get; private set; }

    void IFollowObserver.Moved(FollowedMove move)
    {
        Moves.Add(move);
        EarlySources += move.Stack?.Frames.Count(f => f.Source is { IsValueCreated: true, Value: not null }) ?? 0;
    }

    void IFollowObserver.Diverged(Divergence divergence) => Divergences.Add(divergence);

    /// <summary>Nothing has parted, and nothing was passed over either.</summary>
    internal void AssertAgreement()
    {
        Assert.True(Divergences.Count == 0, string.Join('\n', Divergences));
        Assert.Equal((0, 0), (Statistics.UnmodelledCalls, Statistics.AbandonedSpaces));
    }

    /// <summary>The log, run again, gives every result and every plan again.</summary>
    private void AssertReplaysEqually()
    {
        var replay = new Replay();
        var divergences = new List<Divergence>();
        using (var executor = new LogExecutor(new LogExecutorOptions { Verify = true }, replay))
        {
            using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Log));
            var reader = new CallLogReader(stream, new CallLogOptions { FileName = "log", Strict = true });
            while (reader.TryRead(out CallRecord record))
            {
                if (executor.Execute(record).Divergence is { } divergence)
                    divergences.Add(divergence);
            }

            executor.Finish();
            Assert.Equal(0, executor.Statistics.InferredMappings);
        }

        Assert.Equal([], divergences);
        Assert.Equal(Moves.Select(m => (m.Request.Old, m.Request.New)), replay.Moves.Select(m => (m.Old, m.New)));
        Assert.Equal(Moves.SelectMany(m => m.Plans.Select(p => p.Cost)), replay.Moves.SelectMany(m => m.Costs));
    }

    private sealed class Replay : ILogObserver
    {
        internal List<(VirtualAddress Old, VirtualAddress New, MoveCost[] Costs)> Moves { get; } = [];

        public void OnMove(in CallRecord record, MoveObservation move) =>
            Moves.Add((move.Request.Old, move.Request.New, [.. MovePolicyName.All.Select(policy => move.Plan(policy).Cost)]));
    }
}
