using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;

namespace PageShift.Samples;

/// <summary>A log of system calls, read and run from code: what its moves cost.</summary>
internal sealed class LogCosts : ILogObserver
{
    private MoveCost _linux, _own;

    internal static void Run(string path)
    {
        var costs = new LogCosts();
        using var executor = new LogExecutor(new LogExecutorOptions { Verify = true }, costs);
        using var reader = CallLogReader.Open(path);
        int differ = 0;
        while (reader.TryRead(out CallRecord record))
        {
            if (executor.Execute(record).Divergence is not { } divergence)
                continue;
            differ++;
            Console.WriteLine(divergence);
        }

        Console.WriteLine($"{executor.Statistics.Calls} calls, {executor.Statistics.Moves} moves, {differ} results that differ");
        Console.WriteLine($"linux-6.7 {costs._linux.Pmd} PMD {costs._linux.Pte} PTE, pageshift {costs._own.Pmd} PMD {costs._own.Pte} PTE");
    }

    public void OnMove(in CallRecord record, MoveObservation move)
    {
        _linux += move.Plan(MovePolicy.Linux67).Cost;
        _own += move.Plan(MovePolicy.PageShift).Cost;
    }
}
