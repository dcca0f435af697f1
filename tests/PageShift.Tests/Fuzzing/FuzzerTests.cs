using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Moving;
using PageShift.Tests.Lockstep;
using PageShift.Tests.Model;
using PageShift.Units;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Fuzzing;

public sealed class FuzzerTests
{
    [Fact]
    public void Engine_and_kernel_agree_on_random_calls()
    {
        var fuzzer = new Fuzzer(new FuzzOptions { Seed = 2026, MostCalls = 30_000L * ModelRun.Factor });
        FuzzReport? report = fuzzer.Run(out string? reason, TestContext.Current.CancellationToken);
        if (report is null)
            Assert.Skip(reason ?? "no reason was given");
        Assert.Null(Text(report.Finding));
        Assert.Empty(report.Unexplained.Select(Text));
        Assert.True(report.Calls >= 30_000, $"Only {report.Calls} calls.");
    }

    [Fact]
    public void A_planted_fault_is_found_and_shrunk_to_the_calls_that_show_it()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        KernelSurroundings kernel = factory.Surroundings.Kernel;
        factory.Surroundings = factory.Surroundings with { Kernel = new(kernel.MapBase, kernel.LowestHint, new VirtualAddress(0x40_3000)) };
        var shrinker = new SequenceShrinker(factory);
        for (ulong seed = 1; ; seed++)
        {
            CallSequence sequence = Random(factory, seed, 60);
            Divergence? divergence = sequence.Execute(factory);
            if (divergence is null)
                continue;
            CallSequence small = shrinker.Shrink(sequence, ref divergence);
            Assert.Equal(SystemCallNumber.Break, Assert.Single(small.Calls).Call.Number);
            Assert.Equal(0, divergence.Index);
            return;
        }
    }

    // While a sequence is made smaller, what is left may begin with a child that ends.
    [Fact]
    public void A_sequence_may_end_all_of_its_processes()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        var end = new CallRecord { Kind = CallRecordKind.Call, ThreadId = 2, Call = new SystemCall(SystemCallNumber.ExitGroup, default) };
        Assert.Null(new CallSequence([end], MovePolicy.PageShift).Execute(factory)?.ToString());
    }

    [Fact]
    public void A_seed_makes_the_same_calls_every_time()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        for (ulong seed = 1; seed <= 20; seed++)
            Assert.Equal(Random(factory, seed, 50).Calls, Random(factory, seed, 50).Calls);
    }

    [Fact]
    public void A_sequence_is_the_same_when_its_log_is_read_again()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        for (ulong seed = 100; seed < 140; seed++)
        {
            CallSequence sequence = Random(factory, seed, 50);
            using var text = new StringWriter();
            sequence.Write(text, "two\nlines");
            CallSequence read = LockstepTests.Sequence(text.ToString());
            Assert.Equal(sequence.Calls.Select(call => call.Call), read.Calls.Select(call => call.Call));
            Assert.Equal(sequence.Calls.Select(call => call.FilePath), read.Calls.Select(call => call.FilePath));
        }
    }

    [Fact]
    public void The_shards_of_a_seed_run_each_of_its_sequences_once()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Fuzzer(new FuzzOptions { ShardIndex = 3, ShardCount = 3 }));
        long[] all = [.. Numbers(new FuzzOptions(), 300)];
        long[] divided = [.. Enumerable.Range(0, 3).SelectMany(index => Numbers(new FuzzOptions { ShardIndex = index, ShardCount = 3 }, 100))];
        Assert.Equal(all, divided.Order());

        static IEnumerable<long> Numbers(FuzzOptions options, int count) => Enumerable.Range(0, count).Select(index => Fuzzer.SequenceNumber(options, index));
    }

    private static CallSequence Random(LockstepFactory factory, ulong seed, int count, List<CallRecord>? executed = null)
    {
        var generator = new CallGenerator(seed);
        var calls = new List<CallRecord>();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift, CallGenerator.FirstProcess);
        while (calls.Count < count)
        {
            CallRecord call = generator.Next(lockstep.LastState);
            calls.Add(call);
            lockstep.Step(call);
            generator.Note(call, lockstep.LastResult);
            if (lockstep.LastResult is { } result)
                executed?.Add(call with { Outcome = CallOutcome.OfResult(result) });
        }

        return new CallSequence(calls, MovePolicy.PageShift);
    }

    private static string? Text(FuzzFinding? finding)
    {
        if (finding is null)
            return null;
        using var text = new StringWriter();
        finding.Sequence.Write(text, finding.Divergence.ToString());
        return text.ToString();
    }
}
