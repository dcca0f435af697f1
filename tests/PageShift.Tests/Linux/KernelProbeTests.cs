using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.Linux;

public sealed class KernelProbeTests
{
    private const ulong Base = 0x2000_0000_0000;
    private const ulong Page = PageSize.Bytes;

    [Fact]
    public void A_call_that_does_nothing_costs_nothing()
    {
        using KernelExecutor executor = OrSkip();
        using KernelProbe probe = AttachOrSkip(executor);

        MeasuredCost cost = probe.Measure(out KernelOutcome outcome, SystemCallNumber.Unmap, new(Base, 0));

        Assert.Equal(Errno.InvalidArgument, outcome.Result.Error);
        Assert.Equal((0, 0), (cost.TlbFlushes, cost.ZeroedAllocations));
        Assert.InRange(cost.Nanoseconds, 0, 1_000_000_000);
    }

    [Fact]
    public void A_refused_call_costs_nothing()
    {
        using KernelExecutor executor = OrSkip();
        using KernelProbe probe = AttachOrSkip(executor);

        MeasuredCost cost = probe.Measure(out KernelOutcome outcome, SystemCallNumber.Unmap, new(executor.Surroundings.Host.Start.Value, Page));

        Assert.Equal(Refusal.TouchesHost, outcome.Refusal);
        Assert.Equal(default, cost);
    }

    [Fact]
    public void Each_page_that_a_call_populates_is_a_zeroed_allocation()
    {
        using KernelExecutor executor = OrSkip();
        using KernelProbe probe = AttachOrSkip(executor);
        _ = executor.Map(Base, 64 * Page);
        _ = executor.Fill(new VirtualAddress(Base), 1, new ByteLength(1));

        MeasuredCost cost = probe.Measure(out _, SystemCallNumber.Advise, new(Base, 9 * Page, (ulong)Advice.PopulateWrite));

        Assert.Equal(8, cost.ZeroedAllocations);
        Assert.Equal(0, cost.TlbFlushes);
    }

    [Fact]
    public void Calls_between_two_measurements_are_not_counted()
    {
        using KernelExecutor executor = OrSkip();
        using KernelProbe probe = AttachOrSkip(executor);
        _ = executor.Map(Base, 2 * Page);
        _ = probe.Measure(out _, SystemCallNumber.Unmap, new(0, 0));
        _ = executor.Fill(new VirtualAddress(Base), 1, new ByteLength(2 * Page));
        _ = executor.Invoke(SystemCallNumber.Advise, new(Base, Page, (ulong)Advice.DontNeed));

        MeasuredCost cost = probe.Measure(out _, SystemCallNumber.Protect, new(Base + Page, Page, (ulong)Protection.Read));

        Assert.Equal((1, 0), (cost.TlbFlushes, cost.ZeroedAllocations));
    }

    [Fact]
    public void Two_probes_of_two_executors_do_not_see_each_other()
    {
        using KernelExecutor first = OrSkip();
        using KernelExecutor second = OrSkip();
        using KernelProbe firstProbe = AttachOrSkip(first);
        using KernelProbe secondProbe = AttachOrSkip(second);
        _ = first.Map(Base, 8 * Page);
        _ = second.Map(Base, 8 * Page);

        MeasuredCost populated = firstProbe.Measure(out _, SystemCallNumber.Advise, new(Base, 8 * Page, (ulong)Advice.PopulateWrite));
        MeasuredCost idle = secondProbe.Measure(out _, SystemCallNumber.Unmap, new(0, 0));

        Assert.True(populated.ZeroedAllocations >= 8);
        Assert.Equal(0, idle.ZeroedAllocations);
    }

    // mmu_gather collects 509 tables in a page; each full page of them is one flush, and so is the rest.
    [Theory]
    [InlineData(508, 1)]
    [InlineData(509, 1)]
    [InlineData(510, 2)]
    [InlineData(1100, 3)]
    public void Freed_tables_cost_a_flush_for_every_509(int tables, int flushes)
    {
        using KernelExecutor executor = OrSkip();
        using KernelProbe probe = AttachOrSkip(executor);
        const ulong span = 2UL << 20;
        ulong length = (ulong)tables * span;
        _ = executor.Map(Base, length);
        _ = executor.Map(Base + (1UL << 38), Page);
        _ = executor.Map(Base - Page, Page);
        _ = executor.Map(Base + length, Page);
        for (ulong page = Base; page < Base + length; page += span)
        {
            // The page goes and its table stays, so that the unmapping frees tables and nothing else.
            _ = executor.Fill(new VirtualAddress(page), 1, new ByteLength(1));
            _ = executor.Invoke(SystemCallNumber.Advise, new(page, Page, (ulong)Advice.DontNeed));
        }

        MeasuredCost cost = probe.Measure(out _, SystemCallNumber.Unmap, new(Base, length));

        Assert.Equal(flushes, cost.TlbFlushes);
    }

    [Fact]
    public void Fewer_tables_than_predicted_are_an_agreement_only_where_empty_tables_were_not_seen()
    {
        var prediction = new MovePrediction(TlbFlushes: 3, TablesAllocated: 2, FlushesBesideExtents: 1);
        MovePrediction unseen = prediction with { KnowsEmptyTables = false };

        Assert.Equal(MeasurementVerdict.Disagreement, MoveMeasurement.Of(new MeasuredCost(3, 1, 500), prediction).Verdict);
        Assert.Equal(new MoveMeasurement(MeasurementVerdict.Agreement, 2, 1), MoveMeasurement.Of(new MeasuredCost(3, 1, 500), unseen));
        Assert.Equal(MeasurementVerdict.Disagreement, MoveMeasurement.Of(new MeasuredCost(3, 3, 500), unseen).Verdict);
        Assert.Equal(MeasurementVerdict.Disagreement, MoveMeasurement.Of(new MeasuredCost(4, 1, 500), unseen).Verdict);
    }

    [Fact]
    public void Readings_that_fit_a_prediction_are_an_agreement()
    {
        var prediction = new MovePrediction(TlbFlushes: 3, TablesAllocated: 1, FlushesBesideExtents: 1);

        Assert.Equal(new MoveMeasurement(MeasurementVerdict.Agreement, 2, 1), MoveMeasurement.Of(new MeasuredCost(3, 1, 500), prediction));
        Assert.Equal(new MoveMeasurement(MeasurementVerdict.Disagreement, 4, 1), MoveMeasurement.Of(new MeasuredCost(5, 1, 500), prediction));
        Assert.Equal(new MoveMeasurement(MeasurementVerdict.Disagreement, 2, 2), MoveMeasurement.Of(new MeasuredCost(3, 2, 500), prediction));
        Assert.Equal(new MoveMeasurement(MeasurementVerdict.Disagreement, 0, 0), MoveMeasurement.Of(new MeasuredCost(0, 0, 500), prediction));
        Assert.Equal(new MoveMeasurement(MeasurementVerdict.NotObservable, null, null), MoveMeasurement.Of(null, prediction));
    }

    [Fact]
    public void A_tracepoint_that_does_not_exist_is_a_reason()
    {
        Assert.Null(Tracepoint.TryFind("tlb/no_such_event", out string? reason));
        Assert.False(string.IsNullOrWhiteSpace(reason));
    }

    private static KernelProbe AttachOrSkip(KernelExecutor executor)
    {
        KernelProbe? probe = KernelProbe.TryAttach(executor, out string? reason);
        if (probe is null) Assert.Skip(reason ?? "no reason was given");
        return probe;
    }
}
