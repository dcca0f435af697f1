using System.Text;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Moving;

namespace PageShift.Tests.Calls;

/// <summary>A log that was executed: what became of it, and the spaces as they are at its end.</summary>
internal sealed class Followed : ILogObserver, IDisposable
{
    private readonly LogExecutor _executor;
    private readonly SortedSet<int> _threads = [];

    private delegate bool Reading(out CallRecord record);

    private Followed(byte[] log, bool verify, PopulateAssumption populate = PopulateAssumption.All, Machine? machine = null)
        : this(ReaderOf(log).TryRead, verify, populate, machine)
    {
    }

    private Followed(Reading read, bool verify, PopulateAssumption populate, Machine? machine)
    {
        _executor = new LogExecutor(new LogExecutorOptions { Verify = verify, Populate = populate, Machine = machine ?? Machine.Usual }, this);
        try
        {
            while (read(out CallRecord record))
            {
                if (record.Kind == CallRecordKind.Call)
                    _threads.Add(record.ThreadId);
                _ = _executor.Execute(record);
            }

            _executor.Finish();
        }
        catch (Exception error) when (error is CallSyntaxException or UnsupportedMachineException)
        {
            // No log, or one of a machine whose page tables can't be shown: nothing of it was executed.
        }
    }

    internal int Divergences { get; private set; }

    internal Divergence? First { get; private set; }

    /// <summary>The lines of the calls, in the order in which they were made.</summary>
    internal List<long> Order { get; } = [];

    internal LogStatistics Statistics => _executor.Statistics;

    internal string Counts => string.Join(' ', Statistics.Calls, Statistics.FailedCalls, Statistics.Moves, Statistics.InferredMappings, Statistics.DifferentResults, Statistics.UnexplainedResults);

    /// <summary>The mappings of each thread.</summary>
    internal IReadOnlyList<(int Thread, string Mapping)> Mappings =>
        [.. _threads.SelectMany(thread => MappingsOf(thread).Select(mapping => (thread, mapping)))];

    /// <summary>The mappings of a thread.</summary>
    internal IEnumerable<string> MappingsOf(int thread) => _executor.SpaceOf(thread).GetMappings().Select(mapping => $"{mapping.Range} {mapping.Flags}");

    internal static Followed Log(string log, bool verify = true) => new(Encoding.UTF8.GetBytes(log), verify);

    /// <summary>A log whose pages are all absent.</summary>
    internal static Followed Untouched(string log) => new(Encoding.UTF8.GetBytes(log), verify: true, PopulateAssumption.None);

    /// <summary>The logs of several threads, whose pages are all absent.</summary>
    internal static Followed Files(params IReadOnlyList<(int Thread, string Log)> logs) =>
        new(new CallLogSet([.. logs.Select(log => (ReaderOf(Encoding.UTF8.GetBytes(log.Log)), log.Thread))]).TryRead, verify: true, PopulateAssumption.None, null);

    private static CallLogReader ReaderOf(byte[] log) => new(new MemoryStream(log), new CallLogOptions { FileName = "log", Lenient = true });

    internal static Followed Log(byte[] log, bool verify, Machine machine) => new(log, verify, machine: machine);

    void ILogObserver.OnMove(in CallRecord record, MoveObservation move)
    {
    }

    void ILogObserver.OnExecuted(in CallRecord record, in RecordOutcome outcome)
    {
        if (record.Kind == CallRecordKind.Call)
            Order.Add(record.Line);
        if (outcome.Divergence is not { } divergence)
            return;
        Divergences++;
        First ??= divergence;
    }

    public void Dispose() => _executor.Dispose();
}
