using System.Text;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Mappings;

namespace PageShift.Tests.Calls;

/// <summary>A log that was executed: what became of it, and the spaces as they are at its end.</summary>
internal sealed class Followed : IDisposable
{
    private readonly LogExecutor _executor;
    private readonly SortedSet<int> _threads = [];

    private Followed(byte[] log, bool verify)
    {
        _executor = new LogExecutor(new LogExecutorOptions { Verify = verify });
        var reader = new CallLogReader(new MemoryStream(log), new CallLogOptions { FileName = "log", Lenient = true });
        try
        {
            while (reader.TryRead(out CallRecord record))
            {
                if (record.Kind == CallRecordKind.Call)
                    _threads.Add(record.ThreadId);
                Divergences += _executor.Execute(record).Divergence is null ? 0 : 1;
            }
        }
        catch (CallSyntaxException)
        {
            // No log: nothing of it was executed.
        }
    }

    internal int Divergences { get; }

    internal LogStatistics Statistics => _executor.Statistics;

    internal string Counts => string.Join(' ', Statistics.Calls, Statistics.FailedCalls, Statistics.Moves, Statistics.InferredMappings, Statistics.DifferentResults, Statistics.UnexplainedResults);

    /// <summary>The mappings of each thread.</summary>
    internal IReadOnlyList<(int Thread, string Mapping)> Mappings =>
        [.. _threads.SelectMany(thread => _executor.SpaceOf(thread).GetMappings().Select(mapping => (thread, $"{mapping.Range} {mapping.Flags}")))];

    internal static Followed Log(string log, bool verify = true) => new(Encoding.UTF8.GetBytes(log), verify);

    internal static Followed Log(byte[] log, bool verify) => new(log, verify);

    public void Dispose() => _executor.Dispose();
}
