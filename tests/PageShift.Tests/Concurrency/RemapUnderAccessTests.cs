using System.Diagnostics;
using PageShift.AddressSpaces;
using PageShift.PageTables;
using PageShift.Tests.Model;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Concurrency;

/// <summary>
/// Threads read, write and fault while another moves, resizes, protects, drops, unmaps and forks, under every policy. What a call has done is published after it has returned; an access that
/// begins later must end as was published, and no word may be torn, stale or lost.
/// </summary>
public sealed class RemapUnderAccessTests
{
    private const int Threads = 3;
    private const int Rounds = 4;
    private const int MostRounds = 100; // until all was tried, which takes longer where the threads get little time
    private const ulong GiB = 1UL << 30;
    private const ulong MiB = 1UL << 20;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1.2);
    /// <summary>Congruent modulo 1 GiB, modulo 2 MiB, and not at all; some whole blocks, others across two.</summary>
    private static readonly ulong[] Starts =
        [(4 * GiB) + (2 * MiB) - PageSize.Bytes, (6 * GiB) + (2 * MiB) - PageSize.Bytes, (6 * GiB) + (20 * MiB) - PageSize.Bytes, (8 * GiB) + (3 * PageSize.Bytes), 10 * GiB, (1024 * GiB) + (4 * MiB)];

    /// <summary>What is to be tried.</summary>
    private static readonly string[] Wanted =
    [
        "move", "move over another", "shrink", "grow", "protect None", "protect Read", "protect Read, Write", "drop", "unmap", "map", "fork", "read, None", "read, NotMapped",
        "read, NotPermitted", "write, None", "write, NotMapped", "write, NotPermitted", "write in scope, None", "write in scope, NotMapped", "write in scope, NotPermitted",
        "read in scope, None", "read across, None", "write across, None",
    ];

    [Fact]
    public void No_access_sees_a_torn_a_stale_or_a_lost_word_or_a_translation_that_is_gone()
    {
        var counts = new SortedDictionary<string, long>();
        for (int round = 0; round < Rounds * ModelRun.Factor || (round < MostRounds && Wanted.Any(what => !counts.ContainsKey(what))); round++)
        {
            int seed = ModelRun.Factor > 1 ? Random.Shared.Next() : round;
            Run(round % 2 == 0 ? PagingGeometry.X86 : PagingGeometry.X86FiveLevel, seed, counts);
        }

        foreach (string what in Wanted)
            Assert.True(counts.GetValueOrDefault(what) > 0, $"No '{what}' in\n{string.Join('\n', counts)}");
    }

    private static void Run(PagingGeometry geometry, int seed, SortedDictionary<string, long> counts)
    {
        Place[] places = [.. Starts.Select(start => new Place(start))];
        Tenant[] tenants = [new Tenant(0, 700, isShared: false), new Tenant(1, 1000, isShared: false), new Tenant(2, 40, isShared: true)];
        using var space = new AddressSpace(new AddressSpaceOptions { Geometry = geometry });
        Accessor[] accessors = [.. Enumerable.Range(0, Threads).Select(writer => new Accessor(space, places, tenants, writer, Threads, unchecked((seed * Threads) + writer)))];
        using var remapper = new Remapper(space, places, tenants, accessors, seed);
        RunThreads([.. accessors.Select(accessor => (Action)accessor.Step), remapper.Step], seed);
        AddressSpace.VerifyAll([space], []);
        foreach (Accessor accessor in accessors)
        {
            accessor.CheckAtEnd();
            Add(counts, accessor.Counts);
            accessor.Dispose();
        }

        Add(counts, remapper.Counts);
    }

    private static void RunThreads(Action[] steps, int seed)
    {
        Exception? failure = null;
        var clock = Stopwatch.StartNew();
        Thread[] threads = [.. steps.Select(step => new Thread(() =>
        {
            try
            {
                while (clock.Elapsed < Round && Volatile.Read(ref failure) is null)
                    step();
            }
            catch (Exception thrown)
            {
                Interlocked.CompareExchange(ref failure, thrown, null);
            }
        }) { IsBackground = true })];
        foreach (Thread thread in threads)
            thread.Start();
        for (int i = 0; i < threads.Length; i++)
            Assert.True(threads[i].Join(HangGuard.Limit), $"Seed {seed}: thread {i} of {threads.Length} hangs.");
        Assert.True(failure is null, $"Seed {seed}: {failure}");
    }

    private static void Add(SortedDictionary<string, long> total, SortedDictionary<string, long> counts)
    {
        foreach ((string what, long count) in counts)
            total[what] = total.GetValueOrDefault(what) + count;
    }
}
