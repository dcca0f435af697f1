using System.Globalization;
using System.Text;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Tests.Linux;
using Xunit;

namespace PageShift.Tests.Moving;

/// <summary>The linux-6.7 policy predicts, for every row that was measured on the kernel, what the kernel's own counters show.</summary>
public sealed class SectionSevenPredictionTests
{
    public static TheoryData<string> Rows => [.. SectionSevenRows.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_policy_predicts_the_flushes_and_tables_that_the_kernel_counts(string name)
    {
        SectionSevenRow row = SectionSevenRows.All.Single(r => r.Name == name);
        var costs = new CostCollector(MovePolicy.Linux67);
        using var executor = new LogExecutor(new LogExecutorOptions { Populate = PopulateAssumption.Written }, costs);
        string log = (row.Setup + row.Move).Replace("BASE", (1UL << 40).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var reader = new CallLogReader(new MemoryStream(Encoding.UTF8.GetBytes(log + "\n")), new CallLogOptions { FileName = name, Strict = true });
        while (reader.TryRead(out CallRecord record))
            Assert.Null(executor.Execute(record).Divergence);
        executor.SpaceOf(0).Verify();

        MoveCost cost = Assert.Single(costs.Costs);
        Assert.Equal(((ulong)row.TlbFlushes, (ulong)row.ZeroedAllocations), (cost.TlbFlushes, cost.TablesAllocated));
    }

    private sealed class CostCollector(MovePolicy policy) : ILogObserver
    {
        public List<MoveCost> Costs { get; } = [];

        public void OnMove(in CallRecord record, MoveObservation move) => Costs.Add(move.Plan(policy).Cost);
    }
}
