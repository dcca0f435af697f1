using System.Diagnostics;
using System.Runtime.ExceptionServices;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>Runs random sequences of calls on engine and kernel in lockstep until they differ or enough was run. A difference is made small and reported.
/// Thread safety: <see cref="Calls"/> and <see cref="Sequences"/> may be read from any thread while it runs.</summary>
public sealed class Fuzzer
{
    private const int Repetitions = 6;
    private const int MostExplained = 3;

    private readonly FuzzOptions _options;
    private readonly Lock _lock = new();
    private readonly Stopwatch _time = new();
    private long _calls;
    private long _sequences;
    private long _unmodelled;
    private long _nextSequence;
    private volatile bool _stops;
    private volatile bool _isShrinking;
    private volatile string? _failure;
    private volatile ExceptionDispatchInfo? _thrown;

    // Guarded by _lock.
    private readonly Dictionary<KnownDifference, long> _known = [];
    private readonly List<FuzzFinding> _unexplained = [];
    private FuzzFinding? _finding;

    /// <summary>Prepares a run.</summary>
    public Fuzzer(FuzzOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ShardCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.ShardIndex, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.ShardIndex, options.ShardCount, nameof(options));
        _options = options;
    }

    /// <summary>The calls that both sides have made so far.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>The sequences that were begun so far.</summary>
    public long Sequences => Interlocked.Read(ref _sequences);

    /// <summary>True while a divergence is made small.</summary>
    public bool IsShrinking => _isShrinking;

    /// <summary>Runs.</summary>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    /// <param name="cancellation">Ends the run early; the report tells what was done.</param>
    /// <exception cref="OutOfMemoryException">The host has not enough memory for it.</exception>
    public FuzzReport? Run(out string? reason, CancellationToken cancellation = default)
    {
        var factories = new List<LockstepFactory>();
        try
        {
            reason = null;
            for (int worker = 0; worker < _options.Workers; worker++)
            {
                if (LockstepFactory.TryStart(out reason) is not { } factory)
                    return null;
                factories.Add(factory);
            }

            _time.Start();
            Thread[] threads = [.. factories.Skip(1).Select(factory => new Thread(() => Work(factory, cancellation)))];
            foreach (Thread thread in threads)
                thread.Start();
            Work(factories[0], cancellation);
            foreach (Thread thread in threads)
                thread.Join();
            _time.Stop();
            _thrown?.Throw();
            reason = _failure;
            if (reason is not null)
                return null;
            return Report(factories[0]);
        }
        finally
        {
            foreach (LockstepFactory factory in factories)
                factory.Dispose();
        }
    }

    /// <summary>What was found so far. A divergence is made small.</summary>
    internal FuzzReport Report(LockstepFactory factory)
    {
        _isShrinking = _finding is not null;
        FuzzFinding? finding = _finding is { } found ? Shrink(found, factory) : null;
        return new FuzzReport { Calls = Calls, Sequences = Sequences, Unmodelled = Interlocked.Read(ref _unmodelled), Known = _known, Unexplained = _unexplained, Elapsed = _time.Elapsed, Finding = finding };
    }

    private void Work(LockstepFactory factory, CancellationToken cancellation)
    {
        try
        {
            RunSequences(factory, cancellation);
        }
        catch (InvalidOperationException failure)
        {
            _failure = failure.Message;
            _stops = true;
        }
        catch (Exception thrown)
        {
            _thrown = ExceptionDispatchInfo.Capture(thrown);
            _stops = true;
        }
    }

    private void RunSequences(LockstepFactory factory, CancellationToken cancellation)
    {
        while (!_stops && !cancellation.IsCancellationRequested)
        {
            if (_options.MostTime is { } most && _time.Elapsed >= most)
                return;
            if (_options.MostCalls is { } calls && Calls >= calls)
                return;
            RunSequence(factory, SequenceNumber(_options, Interlocked.Increment(ref _nextSequence) - 1));
        }
    }

    /// <summary>The number of a shard's sequence, which decides its calls together with the seed: shards take turns.</summary>
    /// <param name="options">Says which shard.</param>
    /// <param name="index">Which of the shard's sequences, from 0.</param>
    internal static long SequenceNumber(FuzzOptions options, long index) => options.ShardIndex + (index * options.ShardCount);

    private void RunSequence(LockstepFactory factory, long number)
    {
        Interlocked.Increment(ref _sequences);
        MovePolicy policy = MovePolicyName.All[(int)(number % MovePolicyName.All.Count)];
        var generator = new CallGenerator(SeedOf(_options.Seed, number), factory.Surroundings.HasFiveLevels);
        var calls = new List<CallRecord>(_options.CallsPerSequence);
        Divergence? divergence = null;
        using (LockstepRun lockstep = factory.Begin(policy, CallGenerator.FirstProcess))
        {
            while (divergence is null && calls.Count < _options.CallsPerSequence)
            {
                CallRecord call = generator.Next(lockstep.LastState);
                calls.Add(call);
                divergence = lockstep.Step(call);
                generator.Note(call, lockstep.LastResult);
            }

            divergence ??= lockstep.Finish();
            Interlocked.Add(ref _calls, lockstep.Executed);
            Interlocked.Add(ref _unmodelled, lockstep.Unmodelled);
            CountKnown(KnownDifferences.RandomPlacementBelow2GiB, lockstep.Drawn);
            CountKnown(KnownDifferences.PagesReclaimedOnRequest, lockstep.Reclaimed);
            CountKnown(KnownDifferences.PagesOfALargePage, lockstep.TakenApart);
        }

        if (divergence is not null)
            Judge(factory, number, new CallSequence(calls, policy), divergence);
    }

    // the same calls, made again up to 6 times           the difference is
    // differ once, and the kernel did nothing by itself    a divergence: the run ends
    // differ 3 times, and the kernel did something         a divergence, except where no large page is free
    // never differ                                         what the kernel did by itself in the first run, or if that was nothing, unexplained
    /// <summary>Judges a difference.</summary>
    internal void Judge(LockstepFactory factory, long number, CallSequence sequence, Divergence divergence)
    {
        int explained = 0;
        for (int repetition = 0; repetition < Repetitions; repetition++)
        {
            if (sequence.Execute(factory) is not { } again || again.Explanation == KnownDifferences.NoLargePageFree)
                continue;
            if (again.Explanation is not null && ++explained < MostExplained)
                continue;
            KeepFinding(new FuzzFinding(number, sequence, again));
            return;
        }

        if (divergence.Explanation is { } known)
        {
            CountKnown(known, 1);
            return;
        }

        lock (_lock)
            _unexplained.Add(new FuzzFinding(number, sequence, divergence));
    }

    private void KeepFinding(FuzzFinding finding)
    {
        lock (_lock)
        {
            if (_finding is null || finding.SequenceNumber < _finding.SequenceNumber)
                _finding = finding;
        }

        _stops = true;
    }

    private void CountKnown(KnownDifference known, long count)
    {
        if (count == 0)
            return;
        lock (_lock)
            _known[known] = _known.GetValueOrDefault(known) + count;
    }

    private static FuzzFinding Shrink(FuzzFinding finding, LockstepFactory factory)
    {
        Divergence divergence = finding.Divergence;
        CallSequence small = new SequenceShrinker(factory).Shrink(finding.Sequence, ref divergence);
        var executed = new List<CallRecord>();
        divergence = small.Execute(factory, executed) ?? divergence;
        return finding with { Sequence = small with { Calls = executed }, Divergence = divergence };
    }

    /// <summary>What a sequence is made from: the run's seed, and the sequence's number.</summary>
    internal static ulong SeedOf(ulong seed, long number)
    {
        var mix = new SplitMix(seed);
        return mix.Next() ^ new SplitMix((ulong)number).Next();
    }
}
