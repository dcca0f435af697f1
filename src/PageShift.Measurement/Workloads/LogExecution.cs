using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;

namespace PageShift.Measurement.Workloads;

/// <summary>Reading a log and executing its calls with every private writable page present, as <c>pageshift run</c> does; an operation is one byte of the log.</summary>
public sealed class LogExecution : Workload, ILogObserver
{
    private const int LogBytes = 1 << 20;
    private const int Repetitions = 8;

    private readonly byte[] _log = GrowingProgram.Write(LogBytes);

    /// <inheritdoc/>
    public override int Operations => _log.Length * Repetitions;

    /// <summary>The bytes that the last run allocated on the managed heap.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>The moves that were seen.</summary>
    public long Moves { get; private set; }

    /// <inheritdoc/>
    public override void Run()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var stream = new RepeatingStream(_log, Repetitions);
        using var executor = new LogExecutor(new LogExecutorOptions(), this);
        var reader = new CallLogReader(stream, new CallLogOptions { Strict = true });
        while (reader.TryRead(out CallRecord record))
        {
            if (executor.Execute(record).Divergence is { } divergence)
                throw new InvalidOperationException($"The workload's log diverges: {divergence}.");
        }

        if (executor.Statistics.DifferentResults != 0 || executor.Statistics.InferredMappings != 0)
            throw new InvalidOperationException("The workload's log does not hold together.");
        AllocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
    }

    void ILogObserver.OnMove(in CallRecord record, MoveObservation move) => Moves++;
}
