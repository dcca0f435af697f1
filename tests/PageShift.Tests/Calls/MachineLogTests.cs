using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Cli.Words;
using PageShift.Moving;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>The logs of other machines among those of <c>tests/logs</c>. <c>machines.tsv</c> says which machine each is taken to be from and why, and what all its moves cost there.</summary>
public sealed class MachineLogTests
{
    private static readonly string Folder = Repository.Path("tests/logs");

    private static readonly Dictionary<string, string> Expected = File.ReadLines(Path.Combine(Folder, "machines.tsv")).Skip(1)
        .Select(line => line.Split('\t', 2)).ToDictionary(columns => columns[0], columns => columns[1]);

    public static TheoryData<string> Names => [.. Expected.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_log_is_counted_with_the_tables_of_its_machine(string name)
    {
        Machine machine = MachineOf(name);
        var costs = new Costs();
        using FileStream stream = File.OpenRead(Path.Combine(Folder, name));
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = name });
        using var executor = new LogExecutor(new LogExecutorOptions { Verify = true, Machine = machine }, costs);
        while (reader.TryRead(out CallRecord record))
            Assert.Null(executor.Execute(record).Divergence);
        string found = string.Join('\t', MachineText.Of(machine), machine.Because, Describe.Entries(costs.Linux50), Describe.Entries(costs.Linux67), Describe.Entries(costs.PageShift));
        Assert.Equal(Expected[name], found);
    }

    /// <summary>The machine that a log is taken to be from; of one that can't be read, by what comes before.</summary>
    internal static Machine MachineOf(string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(Folder, name));
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = name });
        var evidence = new MachineEvidence();
        try
        {
            while (reader.TryRead(out CallRecord record))
                evidence.Add(record);
        }
        catch (CallSyntaxException)
        {
        }

        return evidence.Choose(new MachineRequest(), reader.StatedPageSize);
    }

    private sealed class Costs : ILogObserver
    {
        internal MoveCost Linux50 { get; private set; }

        internal MoveCost Linux67 { get; private set; }

        internal MoveCost PageShift { get; private set; }

        public void OnMove(in CallRecord record, MoveObservation move)
        {
            Linux50 += move.Plan(MovePolicy.Linux50).Cost;
            Linux67 += move.Plan(MovePolicy.Linux67).Cost;
            PageShift += move.Plan(MovePolicy.PageShift).Cost;
        }
    }
}
