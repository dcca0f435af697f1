using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;

namespace PageShift.Samples;

/// <summary>A log of system calls, read and run from code: what its moves cost.</summary>
internal sealed class LogCosts : ILogObserver
{
    private MoveCost _linux, _own;
    private int _different;

    internal static void Run(string path)
    {
        var costs = new LogCosts();
        using var executor = new LogExecutor(new LogExecutorOptions { Verify = true }, costs);
        using var reader = CallLogReader.Open(path);
        while (reader.TryRead(out CallRecord record))
            executor.Execute(record);
        executor.Finish(); // calls of threads that ran at the same time may have waited for one another

        Console.WriteLine($"{executor.Statistics.Calls} calls, {executor.Statistics.Moves} moves, {costs._different} results that differ");
        Console.WriteLine($"linux-6.7 {costs._linux.Pmd} PMD {costs._linux.Pte} PTE, pageshift {costs._own.Pmd} PMD {costs._own.Pte} PTE");
    }

    public void OnMove(in CallRecord record, MoveObservation move)
    {
        _linux += move.Plan(MovePolicy.Linux67).Cost;
        _own += move.Plan(MovePolicy.PageShift).Cost;
    }

    public void OnExecuted(in CallRecord record, in RecordOutcome outcome)
    {
        if (outcome.Divergence is not { } divergence)
            return;
        _different++;
        Console.WriteLine(divergence);
    }
}
