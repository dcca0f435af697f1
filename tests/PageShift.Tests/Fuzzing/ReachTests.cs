using PageShift.Abi;
using PageShift.Calls;
using PageShift.Moving;
using PageShift.SystemCalls;
using PageShift.Tests.Lockstep;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Fuzzing;

/// <summary>What the generator's calls reach: each call, flag, advice and shape both succeeds and fails in one run of 40,000 calls, but for those that can't.</summary>
public sealed class ReachTests(ReachTests.Run run) : IClassFixture<ReachTests.Run>
{
    [Fact]
    public void Every_call_succeeds_and_fails()
    {
        SystemCallNumber[] others =
        [
            PseudoCall.MemorySet, PseudoCall.MemoryRead, SystemCallNumber.Clone, SystemCallNumber.ExitGroup, SystemCallNumber.OpenFile,
            SystemCallNumber.CloseFile, SystemCallNumber.Truncate, SystemCallNumber.SetLimit,
        ];
        SystemCallNumber[] neverFail = [SystemCallNumber.Clone, SystemCallNumber.ExitGroup, SystemCallNumber.OpenFile, SystemCallNumber.SetLimit, SystemCallNumber.UnlockAll];
        foreach (SystemCallNumber kind in SystemCallTable.All.Where(call => call.IsModelled && (run.KeepsSharedApart || !call.IsOnShared)).Select(call => call.Number).Concat(others))
            AssertReached(kind.ToString(), succeeds: true, fails: !neverFail.Contains(kind));
    }

    [Fact]
    public void Many_calls_succeed()
    {
        foreach (SystemCallNumber kind in (SystemCallNumber[])[SystemCallNumber.Map, SystemCallNumber.Remap, SystemCallNumber.Unmap, SystemCallNumber.Protect, SystemCallNumber.Advise])
            Assert.True(run.Reach[kind.ToString()] is var (succeeded, failed) && succeeded * 4 > failed, $"Of {kind} succeeded {succeeded} and failed {failed}.");
    }

    [Fact]
    public void Every_flag_of_mmap_succeeds_and_fails()
    {
        foreach (MapFlags flag in Enum.GetValues<MapFlags>().Where(flag => flag > MapFlags.TypeMask))
            AssertReached($"mmap {flag}", succeeds: flag != MapFlags.HugeTlb, fails: true); // there is no pool of such pages
        foreach (string placing in (string[])["anywhere", "hint", "fixed", "anywhere of whole blocks", "of an object with an offset"])
            AssertReached($"mmap {placing}", succeeds: true, fails: true);
        foreach (MapFlags type in (MapFlags[])[MapFlags.Private, MapFlags.Shared, MapFlags.SharedValidate, MapFlags.Droppable])
        {
            AssertReached($"mmap anonymous {type}", succeeds: type != MapFlags.SharedValidate, fails: true);
            AssertReached($"mmap of an object {type}", succeeds: type != MapFlags.Droppable, fails: true);
        }

        for (ulong protection = 0; protection < 8; protection++)
            AssertReached($"mmap {(Protection)protection}", succeeds: true, fails: true);
    }

    [Fact]
    public void Every_shape_of_mremap_succeeds_and_fails()
    {
        string[] sizes = ["growing", "shrinking", "same length", "old length 0"];
        foreach (string size in sizes)
        {
            AssertReached($"mremap None, {size}", succeeds: size != "old length 0", fails: true);
            AssertReached($"mremap MayMove, {size}", succeeds: true, fails: true);
            AssertReached($"mremap MayMove, Fixed, {size}", succeeds: true, fails: true);
            AssertReached($"mremap MayMove, DontUnmap, {size}", succeeds: size == "same length", fails: true);
            AssertReached($"mremap MayMove, Fixed, DontUnmap, {size}", succeeds: size == "same length", fails: true);
        }

        AssertReached("mremap unknown flags", succeeds: false, fails: true);
        foreach (string what in (string[])["of one mapping", "of several mappings", "of shared memory", "of private object memory", "of private anonymous memory", "with pages"])
            AssertReached($"mremap {what}", succeeds: true, fails: true);
        foreach (string distance in (string[])["1 GiB", "2 MiB", "4 KiB"])
            AssertReached($"mremap fixed, distance of {distance}", succeeds: true, fails: true);
    }

    [Fact]
    public void Every_advice_succeeds_and_fails()
    {
        foreach (Advice advice in Enum.GetValues<Advice>().Except([Advice.HardwarePoison, Advice.SoftOffline])) // those need a privilege
            AssertReached($"madvise {advice}", succeeds: true, fails: true);
        AssertReached("madvise unknown", succeeds: false, fails: true);
        Advice[] advices = [Advice.DontNeed, Advice.PopulateRead, Advice.PopulateWrite, Advice.GuardInstall, Advice.GuardRemove, Advice.HugePage, Advice.DontFork];
        foreach (Advice advice in advices)
        {
            foreach (string what in (string[])["of one mapping", "of several mappings", "of shared memory", "of private anonymous memory", "with pages"])
                AssertReached($"madvise {advice} {what}", succeeds: true, fails: true);
        }

        AssertReached("madvise Remove of shared memory", succeeds: true, fails: true);
        AssertReached("madvise Collapse with pages", succeeds: true, fails: true);
    }

    [Fact]
    public void The_flags_of_the_other_calls_succeed_and_fail()
    {
        for (ulong protection = 0; protection < 8; protection++)
            AssertReached($"mprotect {(Protection)protection}", succeeds: true, fails: true);
        AssertReached($"mprotect {Protection.Read | Protection.Write | Protection.GrowsDown}", succeeds: true, fails: true);
        AssertReached($"mprotect {Protection.Read | Protection.Write | Protection.GrowsUp}", succeeds: false, fails: true);
        AssertReached("mprotect unknown bits", succeeds: false, fails: true);
        for (ulong flags = 0; flags < 9; flags++)
            AssertReached($"msync {flags}", succeeds: flags is not (5 or 7 or 8), fails: true);
        AssertReached("mlock2 0", succeeds: true, fails: true);
        AssertReached("mlock2 1", succeeds: true, fails: true);
        AssertReached("mlock2 2", succeeds: false, fails: true);
        AssertReached("mseal 0", succeeds: true, fails: true);
        AssertReached("mseal 1", succeeds: false, fails: true);
        AssertReached($"mlockall {LockAllFlags.Current}", succeeds: true, fails: true);
        AssertReached($"mlockall {LockAllFlags.Current | LockAllFlags.Future}", succeeds: true, fails: true);
        AssertReached($"mlockall {LockAllFlags.Current | LockAllFlags.Future | LockAllFlags.OnFault}", succeeds: true, fails: true);
        AssertReached($"mlockall {LockAllFlags.OnFault}", succeeds: false, fails: true);
        foreach (KernelResource limit in (KernelResource[])[KernelResource.AddressSpace, KernelResource.Data, KernelResource.Stack, KernelResource.LockedMemory])
            AssertReached($"limit {limit}", succeeds: true, fails: false);
    }

    [Fact]
    public void Processes_fork_from_forked_ones() => Assert.True(run.DeepestFork >= 2, $"The deepest is {run.DeepestFork}.");

    private void AssertReached(string what, bool succeeds, bool fails)
    {
        (int succeeded, int failed) = run.Reach.GetValueOrDefault(what);
        Assert.True((!succeeds || succeeded != 0) && (!fails || failed != 0), $"{what}: {succeeded} succeeded, {failed} failed.");
    }

    /// <summary>One run, for all the tests.</summary>
    public sealed class Run
    {
        private const int Sequences = 800;
        private const int CallsPerSequence = 50;

        private readonly CallReach _reach = new();

        public Run()
        {
            using LockstepFactory factory = StartedFactory.OrSkip();
            KeepsSharedApart = factory.KeepsSharedApart;
            for (ulong seed = 1; seed <= Sequences; seed++)
                RunSequence(factory, seed);
        }

        internal IReadOnlyDictionary<string, (int Succeeded, int Failed)> Reach => _reach.Counts;

        internal int DeepestFork { get; private set; }

        internal bool KeepsSharedApart { get; }

        private void RunSequence(LockstepFactory factory, ulong seed)
        {
            var generator = new CallGenerator(seed);
            var depths = new Dictionary<int, int> { [CallGenerator.FirstProcess] = 0 };
            var before = new SpaceSnapshot();
            using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift, CallGenerator.FirstProcess);
            for (int i = 0; i < CallsPerSequence; i++)
            {
                before.Mappings.Clear();
                before.Mappings.AddRange(lockstep.LastState.Mappings);
                before.Pages.Clear();
                before.Pages.AddRange(lockstep.LastState.Pages);
                CallRecord call = generator.Next(lockstep.LastState);
                if (lockstep.Step(call) is { Explanation: null } divergence)
                    Assert.Fail($"sequence {seed}: {divergence}");
                generator.Note(call, lockstep.LastResult);
                if (lockstep.LastResult is not { } result)
                    continue;
                _reach.Add(call with { Outcome = CallOutcome.OfResult(result) }, before);
                if (call.Call.Number == SystemCallNumber.Clone)
                    DeepestFork = Math.Max(DeepestFork, depths[(int)result.Raw] = depths[call.ThreadId] + 1);
            }
        }
    }
}
