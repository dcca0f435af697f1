using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Moving;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Logs as people have them: other tracers' and old versions' ones, quoted, numbered, coloured, packed, cut off, and what is none. <c>tests/logs/expected.tsv</c> says what is in each.</summary>
public sealed class LogCorpusTests
{
    private static readonly string Folder = Repository.Path("tests/logs");

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
