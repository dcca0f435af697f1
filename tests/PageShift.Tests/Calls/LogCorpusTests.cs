using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Moving;
using PageShift.Tests.Model;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Logs as people have them: other tracers' and old versions' ones, quoted, numbered, coloured, packed, cut off, and what is none. <c>tests/logs/expected.tsv</c> says what is in each.</summary>
public sealed class LogCorpusTests
{
    private static readonly string Folder = Repository.Path("tests/logs");

    private const int ShortLog = 700;

    private static readonly Dictionary<string, string> Expected = File.ReadLines(Path.Combine(Folder, "expected.tsv")).Skip(1)
        .Select(line => line.Split('\t', 2)).ToDictionary(columns => columns[0], columns => columns[1]);

    public static TheoryData<string> Names => [.. Files()];

    [Fact]
    public void Each_log_has_an_expectation() => Assert.Equal(Files(), Expected.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_log_has_the_counts_that_are_expected(string name) => Assert.Equal(Expected[name], Summary(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_prefix_of_a_log_is_read_or_refused(string name)
    {
        byte[] log = File.ReadAllBytes(Path.Combine(Folder, name));
        for (int length = 0; length < log.Length; length++)
        {
            ReadToEnd(LogText.Reader(log[..length], lenient: false, strict: false), log.Length);
            ReadToEnd(LogText.Reader(log[..length], lenient: true), log.Length);
        }
    }

    /// <summary>Each prefix is taken for what it is without the rest: a log of a machine that its lines show. Of long logs those that end with a line, unless more is asked for.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Every_prefix_of_a_log_is_executed(string name)
    {
        byte[] log = File.ReadAllBytes(Path.Combine(Folder, name));
        bool atEachByte = log.Length <= ShortLog || ModelRun.Factor > 1;
        long executed = 0;
        for (int length = 0; length <= log.Length; length++)
        {
            if (atEachByte || length == log.Length || (length > 0 && log[length - 1] == '\n'))
                executed += ExecuteToEnd(log[..length]);
        }

        bool hasCalls = int.TryParse(Expected[name].Split('\t').ElementAtOrDefault(1), out int calls) && calls > 0;
        Assert.True(executed > 0 || !hasCalls);
    }

    /// <summary>Executes what can be read, up to the end, and plans its moves under each policy.</summary>
    private static long ExecuteToEnd(byte[] log)
    {
        using CallLogReader reader = LogText.Reader(log, lenient: true);
        var records = new List<CallRecord>();
        var evidence = new MachineEvidence();
        try
        {
            while (reader.TryRead(out CallRecord record))
            {
                records.Add(record);
                evidence.Add(record);
            }

            using var executor = new LogExecutor(new LogExecutorOptions { Verify = true, Machine = evidence.Choose(new MachineRequest(), reader.StatedPageSize) }, new PlanningAll());
            foreach (CallRecord record in records)
                _ = executor.Execute(record);
            executor.Finish();
            return executor.Statistics.Calls + executor.Statistics.FailedCalls + executor.Statistics.UnknownOutcomes + executor.Statistics.UnsupportedCalls;
        }
        catch (CallSyntaxException error) when (error.IsOfWholeLog)
        {
            return 0;
        }
        catch (UnsupportedMachineException)
        {
            return 0;
        }
    }

    private static string[] Files() => [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Where(name => !name.EndsWith(".tsv", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Reads on behind errors, up to the end. Each call reads at least a line, or takes a record that an earlier line left.</summary>
    private static void ReadToEnd(CallLogReader reader, int most)
    {
        for (int calls = 0; calls < 2 * most + 10; calls++)
        {
            try
            {
                if (!reader.TryRead(out _))
                    return;
            }
            catch (CallSyntaxException error)
            {
                Assert.DoesNotContain('\n', error.Message);
                if (error.IsOfWholeLog)
                    return;
            }
        }

        Assert.Fail("It does not end.");
    }

    /// <summary>Threads, calls, moves, mappings that were inferred, calls left out, results that differ, results that nothing explains, and lines that are no calls; or why it is refused.</summary>
    private static string Summary(string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(Folder, name));
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = name });
        var seen = new Seen();
        try
        {
            using var executor = new LogExecutor(new LogExecutorOptions { Verify = true, Machine = MachineLogTests.MachineOf(name) }, seen);
            while (reader.TryRead(out CallRecord record))
                _ = executor.Execute(record);
            executor.Finish();
            reader.ThrowIfNothingUnderstood();
            LogStatistics statistics = executor.Statistics;
            return string.Join('\t', string.Join(',', seen.Threads), seen.Calls, statistics.Moves, statistics.InferredMappings, statistics.UnsupportedCalls, seen.Divergences, statistics.UnexplainedResults, string.Join(',', reader.Noise));
        }
        catch (CallSyntaxException error)
        {
            return error.Message;
        }
        catch (UnsupportedMachineException error)
        {
            return $"{name}:{error.Line}: {error.Message}";
        }
    }

    private sealed class PlanningAll : ILogObserver
    {
        public void OnMove(in CallRecord record, MoveObservation move)
        {
            foreach (MovePolicy policy in MovePolicyName.All)
                _ = move.Plan(policy);
        }
    }

    private sealed class Seen : ILogObserver
    {
        internal SortedSet<int> Threads { get; } = [];

        internal int Calls { get; private set; }

        internal int Divergences { get; private set; }

        public void OnMove(in CallRecord record, MoveObservation move)
        {
        }

        public void OnExecuted(in CallRecord record, in RecordOutcome outcome)
        {
            Threads.Add(record.ThreadId);
            Calls += record.Kind == CallRecordKind.Call ? 1 : 0;
            Divergences += outcome.Divergence is null ? 0 : 1;
        }
    }
}
