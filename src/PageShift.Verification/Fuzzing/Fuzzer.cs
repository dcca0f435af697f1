using System.Diagnostics;
using PageShift.Calls;
using PageShift.Moving;

namespace PageShift.Verification;

/// <summary>Runs random sequences of calls on engine and kernel in lockstep until they differ or enough was run. A difference is made small and reported.
/// Thread safety: <see cref="Calls"/> and <see cref="Sequences"/> may be read from any thread while it runs.</summary>
public sealed class Fuzzer
{
    private const int Repetitions = 3;

    private readonly FuzzOptions _options;
    private readonly Lock _lock = new();
    private readonly Stopwatch _time = new();
    private long _calls;
    private long _sequences;
    private long _unrepeated;
    private long _ended;
    private long _nextSequence;
    private volatile bool _stops;
    private volatile string? _failure;

    // Guarded by _lock.
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

    /// <summary>The differences so far that did not come again.</summary>
    public long Unrepeated => Interlocked.Read(ref _unrepeated);

    /// <summary>The last of them, or null.</summary>
    public LockstepDivergence? LastUnrepeated { get; private set; }

    /// <summary>The calls that both sides have made so far.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>The sequences that were begun so far.</summary>
    public long Sequences => Interlocked.Read(ref _sequences);

    /// <summary>Runs.</summary>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    /// <param name="cancellation">Ends the run early; the report tells what was done.</param>
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
            reason = _failure;
            if (reason is not null)
                return null;
            FuzzFinding? finding = _finding is { } found ? Shrink(found, factories[0]) : null;
            return new FuzzReport { Calls = Calls, Sequences = Sequences, EndedAtKnownDifference = Interlocked.Read(ref _ended), Unrepeated = Unrepeated, Elapsed = _time.Elapsed, Finding = finding };
        }
        finally
        {
            foreach (LockstepFactory factory in factories)
                factory.Dispose();
        }
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
    }

    private void RunSequences(LockstepFactory factory, CancellationToken cancellation)
    {
        while (!_stops && !cancellation.IsCancellationRequested)
        {
            if (_options.MostTime is { } most && _time.Elapsed >= most)
                return;
            if (_options.MostCalls is { } calls && Calls >= calls)
                return;
            RunSequence(factory, _options.ShardIndex + ((Interlocked.Increment(ref _nextSequence) - 1) * _options.ShardCount));
        }
    }

    private void RunSequence(LockstepFactory factory, long number)
    {
        Interlocked.Increment(ref _sequences);
        MovePolicy policy = MovePolicyName.All[(int)(number % MovePolicyName.All.Count)];
        var generator = new CallGenerator(SeedOf(number));
        var calls = new List<CallRecord>(_options.CallsPerSequence);
        LockstepDivergence? divergence = null;
        using (Lockstep lockstep = factory.Begin(policy, CallGenerator.FirstProcess))
        {
            while (divergence is null && lockstep.EndedAt is null && calls.Count < _options.CallsPerSequence)
            {
                CallRecord call = generator.Next(lockstep.LastState);
                calls.Add(call);
                divergence = lockstep.Step(call);
                generator.Note(call, lockstep.LastResult);
            }

            divergence ??= lockstep.Finish();
            Interlocked.Add(ref _calls, lockstep.Executed);
            if (lockstep.EndedAt is not null)
                Interlocked.Increment(ref _ended);
        }

        if (divergence is not null)
            Confirm(factory, number, new CallSequence(calls, policy), divergence);
    }

    /// <summary>Keeps a divergence that comes again.</summary>
    internal void Confirm(LockstepFactory factory, long number, CallSequence sequence, LockstepDivergence divergence)
    {
        for (int repetition = 0; repetition < Repetitions; repetition++)
        {
            if (sequence.Execute(factory) is not { } again)
                continue;
            lock (_lock)
            {
                if (_finding is null || number < _finding.SequenceNumber)
                    _finding = new FuzzFinding(number, sequence, again);
            }

            _stops = true;
            return;
        }

        Interlocked.Increment(ref _unrepeated);
        LastUnrepeated = divergence;
    }

    private static FuzzFinding Shrink(FuzzFinding finding, LockstepFactory factory)
    {
        LockstepDivergence divergence = finding.Divergence;
        CallSequence small = new SequenceShrinker(factory).Shrink(finding.Sequence, ref divergence);
        var executed = new List<CallRecord>();
        divergence = small.Execute(factory, executed) ?? divergence;
        return finding with { Sequence = small with { Calls = executed }, Divergence = divergence };
    }

    private ulong SeedOf(long number)
    {
        var mix = new SplitMix(_options.Seed);
        return mix.Next() ^ new SplitMix((ulong)number).Next();
    }
}
