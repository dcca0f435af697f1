using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace PageShift.Verification.Checking;

/// <summary>Checks every case of some small worlds, in parallel. Thread safety: <see cref="Cases"/>, <see cref="Done"/> and <see cref="Total"/> may be read from any thread while it runs.</summary>
public sealed class Checker
{
    private const int ChunkPopulations = 16;

    private readonly CheckOptions _options;
    private readonly CheckedPart[] _parts;
    private readonly Lock _lock = new();
    private long _next;
    private long _done;
    private long _cases;
    private long _states;

    // Guarded by _lock.
    private readonly CheckTotals[] _totals;
    private (long Number, Counterexample Found)? _counterexample;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Prepares a check.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The depth or the shard is out of range.</exception>
    public Checker(CheckOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ShardCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.ShardIndex, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.ShardIndex, options.ShardCount, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1, nameof(options));
        _options = options;
        _parts = [.. CheckedPart.OfDepth(options.Depth)];
        _totals = [.. _parts.Select(part => new CheckTotals(part.Name, part.Populations))];
        long all = _parts.Sum(part => part.Populations);
        Total = (all / options.ShardCount) + (options.ShardIndex < all % options.ShardCount ? 1 : 0);
    }

    /// <summary>The cases that were tried so far.</summary>
    public long Cases => Interlocked.Read(ref _cases);

    /// <summary>The populations that were checked so far.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>The populations of this shard.</summary>
    public long Total { get; }

    /// <summary>Runs until all is checked, a counterexample is found, or <paramref name="cancellation"/> ends it.</summary>
    /// <exception cref="OutOfMemoryException">The host has not enough memory for it.</exception>
    public CheckReport Run(CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(1, _options.Workers - 1).Select(_ => new Thread(() => Work(cancellation)))];
        foreach (Thread thread in threads)
            thread.Start();
        Work(cancellation);
        foreach (Thread thread in threads)
            thread.Join();
        lock (_lock)
        {
            _failure?.Throw();
            return new CheckReport
            {
                Options = _options,
                Worlds = [.. _totals],
                States = _states,
                Elapsed = Stopwatch.GetElapsedTime(start),
                Counterexample = _counterexample?.Found,
                IsComplete = Done == Total,
            };
        }
    }

    private void Work(CancellationToken cancellation)
    {
        try
        {
            CheckChunks(cancellation);
        }
        catch (Exception failure)
        {
            lock (_lock)
                _failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }

    private void CheckChunks(CancellationToken cancellation)
    {
        var workers = new CaseWorker?[_parts.Length];
        try
        {
            for (long first = NextChunk(); first < Total; first = NextChunk())
            {
                for (long i = first; i < Math.Min(first + ChunkPopulations, Total); i++)
                {
                    if (!TryCheck(workers, _options.ShardIndex + (i * _options.ShardCount), cancellation))
                        return;
                }

                if (IsOver())
                    return;
            }
        }
        finally
        {
            foreach (CaseWorker? worker in workers)
                worker?.Dispose();
        }
    }

    private long NextChunk() => Interlocked.Add(ref _next, ChunkPopulations) - ChunkPopulations;

    /// <summary>Checks one population; false when a case failed or the check was ended, after which what it was tried in can't be used any more. <paramref name="number"/> counts through all worlds, so
    /// that shards take turns in each.</summary>
    private bool TryCheck(CaseWorker?[] workers, long number, CancellationToken cancellation)
    {
        int part = 0;
        long population = number;
        for (; population >= _parts[part].Populations; part++)
            population -= _parts[part].Populations;
        CaseWorker worker = workers[part] ??= _parts[part].MakeWorker();
        worker.Begin();
        try
        {
            worker.Check(population, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !worker.Memory.IsHostExhausted)
        {
            // Whatever the engine throws is what the check is looking for.
            string what = failure.Message.ReplaceLineEndings(" ");
            Keep(number, new Counterexample(_parts[part].Name, population, worker.Policy, what, $"# {what}\n{worker.DescribeCase()}"));
            return false;
        }

        Interlocked.Increment(ref _done);
        Interlocked.Add(ref _cases, worker.Cases);
        lock (_lock)
        {
            _totals[part] = _totals[part].Plus(new CheckTotals("", 0) { Checked = 1, Cases = worker.Cases, Minimal = worker.Minimal });
            _states += worker.States;
        }

        return true;
    }

    private bool IsOver()
    {
        lock (_lock)
            return _counterexample is not null || _failure is not null;
    }

    private void Keep(long number, Counterexample found)
    {
        lock (_lock)
        {
            if (_counterexample is null || number < _counterexample.Value.Number)
                _counterexample = (number, found);
        }
    }
}
