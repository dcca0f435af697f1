using System.Diagnostics;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

public class ConcurrencyTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1.5);

    /// <summary>Each writer owns some pages and keeps a count in each; another thread meanwhile changes the mappings around and under them in every way that keeps their content.
    /// A lost or repeated write shows in the counts.</summary>
    [Fact]
    public void No_write_is_lost_while_mappings_change()
    {
        const int Writers = 3;
        const int PagesEach = 40;
        using AccessWorld world = new();
        world.Map(0, Writers * PagesEach);
        long[] written = new long[Writers];
        var clock = Stopwatch.StartNew();
        Run(
            [
                .. Enumerable.Range(0, Writers).Select(writer => (Action)(() => written[writer] = CountUp(world, writer * PagesEach, PagesEach, clock))),
                () => ChangeMappings(world, Writers * PagesEach, clock),
            ]);

        world.Space.Verify();
        for (int writer = 0; writer < Writers; writer++)
        {
            long sum = 0;
            for (int page = 0; page < PagesEach; page++)
                sum += world.Processor.Read<long>(At((writer * PagesEach) + page, 8 * page));
            Assert.Equal(written[writer], sum);
            Assert.True(written[writer] > 0);
        }
    }

    /// <summary>Pages wander between two places while writers look for them at both: a page is never at two places, and takes every write along.</summary>
    [Fact]
    public void Pages_that_move_take_every_write_along()
    {
        const int Count = 600; // more than a table
        const int Away = 4096;
        using AccessWorld world = new();
        world.Map(0, Count);
        long[] written = new long[2];
        bool atHome = true;
        var clock = Stopwatch.StartNew();
        Run(
            [
                .. Enumerable.Range(0, 2).Select(writer => (Action)(() => written[writer] = CountUpWhereverItIs(world, 8 * writer, Count, Away, clock))),
                () =>
                {
                    for (bool once = false; !once || clock.Elapsed < Duration; atHome = !atHome, once = true)
                    {
                        (int from, int to) = atHome ? (0, Away) : (Away, 0);
                        Must(world.Space.Remap(Page(from), Pages(Count), Pages(Count), RemapFlags.MayMove | RemapFlags.Fixed, Page(to)));
                    }
                },
            ]);

        AddressSpace.VerifyAll([world.Space], []);
        int home = atHome ? 0 : Away;
        for (int writer = 0; writer < 2; writer++)
        {
            long sum = 0;
            for (int page = 0; page < Count; page++)
                sum += world.Processor.Read<long>(At(home + page, 8 * writer));
            Assert.Equal(written[writer], sum);
            Assert.True(written[writer] > 0);
        }
    }

    /// <summary>All threads fault in the same fresh pages at the same time, again and again: each page comes in once, whoever is first.</summary>
    [Fact]
    public void A_page_that_many_fault_in_at_once_comes_in_once()
    {
        const int Threads = 4;
        const int Pages = 64;
        using AccessWorld world = new();
        using var barrier = new Barrier(Threads);
        using var failed = new CancellationTokenSource(); // so that nobody waits for a thread that has failed
        var clock = Stopwatch.StartNew();
        bool goesOn = true;
        Run([.. Enumerable.Range(0, Threads).Select(thread => (Action)(() =>
        {
            using VirtualProcessor processor = world.Space.CreateProcessor();
            while (true)
            {
                if (thread == 0)
                {
                    goesOn = clock.Elapsed < Duration;
                    world.Map(0, Pages, extra: MapFlags.Shared);
                    world.Map(Pages, 2 * Pages);
                }

                barrier.SignalAndWait(failed.Token);
                if (!goesOn)
                    return;
                for (int page = 0; page < 2 * Pages; page++)
                {
                    if (((page + thread) & 1) == 0)
                        processor.Read<int>(At(page, 4 * thread));
                    processor.Write(At(page, 4 * thread), thread + 1);
                }

                barrier.SignalAndWait(failed.Token);
                if (thread == 0)
                    AssertAllThere(world, Threads, 2 * Pages);
                barrier.SignalAndWait(failed.Token);
            }
        }))], failed);
        AddressSpace.VerifyAll([world.Space], []);
    }

    /// <summary>Parent and child write to what fork made them share, on two threads: neither sees the other's.</summary>
    [Fact]
    public void Parent_and_child_write_at_the_same_time_and_keep_apart()
    {
        const int Pages = 200;
        using AccessWorld world = new();
        world.Map(0, Pages);
        var clock = Stopwatch.StartNew();
        for (int round = 0; round == 0 || clock.Elapsed < Duration; round++)
        {
            world.Processor.Fill(Range(0, Pages), (byte)round);
            using AddressSpace child = world.Space.Fork();
            using VirtualProcessor other = child.CreateProcessor();
            Run([() => WriteAndCheck(world.Processor, Pages, (byte)round, 1), () => WriteAndCheck(other, Pages, (byte)round, 2)]);
            AddressSpace.VerifyAll([world.Space, child], []);
        }
    }

    private static long CountUp(AccessWorld world, int firstPage, int pages, Stopwatch clock)
    {
        using VirtualProcessor processor = world.Space.CreateProcessor();
        long count = 0;
        while (count == 0 || clock.Elapsed < Duration)
        {
            using AccessScope scope = processor.EnterAccess();
            for (int i = 0; i < 200; i++, count++)
            {
                int page = (int)(count % pages);
                VirtualAddress at = At(firstPage + page, 8 * page);
                scope.Write(at, scope.Read<long>(at) + 1);
            }
        }

        return count;
    }

    private static long CountUpWhereverItIs(AccessWorld world, int offset, int pages, int away, Stopwatch clock)
    {
        using VirtualProcessor processor = world.Space.CreateProcessor();
        long count = 0;
        for (int page = 0; count == 0 || clock.Elapsed < Duration; page = (page + 1) % pages)
        {
            using AccessScope scope = processor.EnterAccess();
            foreach (int home in new[] { page, away + page })
            {
                // The write that makes the page the mapping's own may let a move in, and then fails or, at the other place, counts.
                if (scope.TryTouch(At(home, offset), AccessKind.Write) != AccessFault.None || scope.TryRead(At(home, offset), out long value) != AccessFault.None)
                    continue;
                if (scope.TryWrite(At(home, offset), value + 1) == AccessFault.None)
                    count++;
                break;
            }
        }

        return count;
    }

    private static void ChangeMappings(AccessWorld world, int pages, Stopwatch clock)
    {
        const int Aside = 5000;
        var random = new Random(1);
        while (clock.Elapsed < Duration)
        {
            int page = random.Next(pages);
            int count = random.Next(1, pages - page + 1);
            switch (random.Next(5))
            {
                case 0:
                    world.Map(Aside, Aside + count, extra: MapFlags.Populate);
                    Must(world.Space.Remap(Page(Aside), Pages(count), Pages(count), RemapFlags.MayMove | RemapFlags.Fixed, Page(Aside + 1000)));
                    break;
                case 1:
                    world.Unmap(Aside, Aside + 2000);
                    break;
                case 2:
                    world.Space.Fork().Dispose();
                    break;
                case 3:
                    world.Protect(page, page + count, Protection.Read | Protection.Write | Protection.Execute);
                    break;
                default:
                    world.Protect(page, page + count, ReadWrite);
                    break;
            }
        }

        world.Unmap(Aside, Aside + 2000);
    }

    private static void AssertAllThere(AccessWorld world, int threads, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            for (int thread = 0; thread < threads; thread++)
                Assert.Equal(thread + 1, world.Processor.Read<int>(At(page, 4 * thread)));
        }

        Assert.Equal((ulong)pages, world.Memory.DataFrames);
    }

    private static void WriteAndCheck(VirtualProcessor processor, int pages, byte before, byte mark)
    {
        for (int page = 0; page < pages; page++)
        {
            Assert.Equal(before, processor.Read<byte>(At(page, 100)));
            processor.Write(At(page, 200), mark);
        }

        for (int page = 0; page < pages; page++)
            Assert.Equal((before, mark), (processor.Read<byte>(At(page, 100)), processor.Read<byte>(At(page, 200))));
    }

    private static void Run(IReadOnlyList<Action> actions, CancellationTokenSource? failed = null)
    {
        Exception? failure = null;
        Thread[] threads = [.. actions.Select(action => new Thread(() =>
        {
            if (Record.Exception(action) is { } thrown)
            {
                Interlocked.CompareExchange(ref failure, thrown, null);
                failed?.Cancel();
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.Null(failure);
    }
}
