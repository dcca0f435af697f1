using System.Text;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Checking;
using Xunit;

namespace PageShift.Tests.Checking;

/// <summary>The exhaustive check at a small bound, which every run of the tests makes.</summary>
public sealed class CheckerTests
{
    [Fact]
    public void No_move_of_the_small_worlds_is_wrong_or_longer_than_need_be()
    {
        CheckReport report = new Checker(new CheckOptions { Depth = 8 }).Run(TestContext.Current.CancellationToken);

        Assert.Null(report.Counterexample);
        Assert.True(report.IsComplete);
        Assert.Equal(32_420, report.Worlds[0].Minimal); // the world of eight pages is whole
        Assert.True(report.Cases > 800_000);
        Assert.Equal(report.Worlds.Select(world => world.Populations), report.Worlds.Select(world => world.Checked));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public void The_shards_of_a_check_are_together_the_check(int count)
    {
        CheckReport whole = new Checker(new CheckOptions { Depth = 5 }).Run(TestContext.Current.CancellationToken);
        CheckReport[] shards = [.. Enumerable.Range(0, count).Select(index => new Checker(new CheckOptions { Depth = 5, ShardIndex = index, ShardCount = count }).Run(TestContext.Current.CancellationToken))];

        CheckReport? merged = CheckReport.Merge(shards, out string refusal);

        Assert.Equal("", refusal);
        Assert.Equal(whole.Worlds, merged!.Worlds);
        Assert.True(merged.IsComplete);
    }

    [Fact]
    public void Shards_that_are_not_one_whole_check_are_refused()
    {
        CheckReport Shard(int index, int count, int depth = 3) => new Checker(new CheckOptions { Depth = depth, ShardIndex = index, ShardCount = count }).Run(TestContext.Current.CancellationToken);
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        CheckReport first = Shard(0, 2);
        CheckReport second = Shard(1, 2);

        string Refusal(params CheckReport[] shards) => CheckReport.Merge(shards, out string refusal) is null ? refusal : "";
        Assert.Equal("", Refusal(second, first));
        Assert.Equal("there is no shard", Refusal());
        Assert.Equal("shard 2/2 is missing", Refusal(first));
        Assert.Equal("found shard 1/2 twice", Refusal(first, first, second));
        Assert.Equal("found a shard of 2 and one of 3", Refusal(first, Shard(1, 3)));
        Assert.Equal("found shards of depth 3 and of depth 4", Refusal(first, Shard(1, 2, depth: 4)));
        Assert.Equal("shard 2/2 was stopped early", Refusal(first, new Checker(new CheckOptions { Depth = 3, ShardIndex = 1, ShardCount = 2 }).Run(stopped.Token)));
        Assert.Equal("found shards of different worlds: they come from different versions", Refusal(first, second with { Worlds = [.. second.Worlds.Skip(1)] }));
        Assert.Equal("the shards' populations do not add up to those of the worlds", Refusal(first, second with { Worlds = [.. second.Worlds.Select(world => world with { Checked = 0 })] }));
    }

    /// <summary>The population's search takes many seconds, and others minutes.</summary>
    [Fact]
    public void A_check_can_be_stopped_within_a_population()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        CheckReport report = new Checker(new CheckOptions { Depth = 13, ShardIndex = 87_214, ShardCount = 100_000 }).Run(stop.Token);

        Assert.Equal(0, report.Worlds.Sum(world => world.Checked));
        Assert.False(report.IsComplete);
        Assert.Null(report.Counterexample);
    }

    /// <summary>The log that a counterexample would have makes the very move: the planner finds the same to do, and the tables are as they were.</summary>
    [Fact]
    public void The_log_of_a_case_makes_the_same_move()
    {
        CheckWorld world = CheckWorld.OfDepth(6)[0];
        var populations = new Populations(world);
        using var tables = new CheckedTables(world);
        int compared = 0;
        for (long number = 0; number < populations.Count; number += 3)
        {
            tables.Take(populations, number);
            if (tables.Leaves.Any(leaf => leaf.Level > PageTableLevel.Pmd))
                continue; // no call makes such a leaf
            foreach (CheckMove move in world.Moves.Where(move => tables.IsPossible(move) && !(move.Overlaps && move.Delta > 0)))
            {
                string log = CaseLog.Of(world, MovePolicy.PageShift, tables.Leaves, move);
                if (log.Contains("# no call", StringComparison.Ordinal))
                    continue; // the stack move takes whole mappings, and this one cuts a leaf
                tables.Try(MovePolicy.PageShift, move);
                ulong logged = EntriesOf(log, world.Geometry);
                Assert.True(tables.Plan.Cost.Entries == logged, $"{tables.Plan.Cost.Entries} entries, but {logged} for\n{log}");
                compared++;
            }
        }

        Assert.True(compared > 500);
    }

    private static ulong EntriesOf(string log, PagingGeometry geometry)
    {
        var entries = new EntryCount();
        var options = new LogExecutorOptions { Space = new AddressSpaceOptions { Geometry = geometry }, Populate = PopulateAssumption.Written };
        using var executor = new LogExecutor(options, entries);
        var reader = new CallLogReader(new MemoryStream(Encoding.UTF8.GetBytes(log)), new CallLogOptions { FileName = "case", Strict = true });
        while (reader.TryRead(out CallRecord record))
            Assert.Null(executor.Execute(record).Divergence);
        return entries.Sum;
    }

    private sealed class EntryCount : ILogObserver
    {
        internal ulong Sum { get; private set; }

        public void OnMove(in CallRecord record, MoveObservation move) => Sum += move.Plan(MovePolicy.PageShift).Cost.Entries;
    }
}
