using System.Diagnostics;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>Threads read, write and fault through processors of their own while another thread moves the mapping about under every policy.</summary>
public sealed class ParallelRemapTests
{
    private const ulong GiB = 1UL << 30;
    private const ulong Block = 2UL << 20;
    private const int Pages = 1200; // more than two tables, and not whole ones
    private const int Writers = 2;
    private const int IdentityShift = 32;
    private const ulong Scratch = 12 * GiB;
    private const ulong Length = Pages * PageSize.Bytes;
    private const int FewestMoves = 10;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    /// <summary>Congruent modulo 1 GiB, modulo 2 MiB, and not at all; with and without room to expand.</summary>
    private static readonly ulong[] Places =
        [(4 * GiB) + Block - PageSize.Bytes, (6 * GiB) + Block - PageSize.Bytes, (6 * GiB) + (9 * Block) - PageSize.Bytes, (8 * GiB) + (3 * PageSize.Bytes)];

    [Fact]
    public async Task Every_page_keeps_its_checksum_while_the_mapping_wanders_under_every_policy()
    {
        using var space = new AddressSpace();
        const Protection ReadWrite = Protection.Read | Protection.Write;
        const MapFlags Fresh = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
        Assert.False(space.Map(new VirtualAddress(Places[0]), new ByteLength(Length), ReadWrite, Fresh).IsError);
        Assert.False(space.Map(new VirtualAddress(Scratch), new ByteLength(Length), ReadWrite, Fresh).IsError);
        for (int page = 0; page < Pages; page++)
        {
            for (int writer = 0; writer < Writers; writer++)
                space.Write(new VirtualAddress(Places[0] + Offset(page, writer)), First(page));
        }

        var clock = Stopwatch.StartNew();
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAndCheck(space, writer, clock))).ToArray();
        int place = 0;
        int moves = 0;
        for (; moves <= FewestMoves || clock.Elapsed < Duration; moves++)
        {
            int next = (place + 1 + (moves % 3)) % Places.Length;
            space.Policy = MovePolicyName.All[moves % MovePolicyName.All.Count];
            CallResult moved = space.Remap(
                new VirtualAddress(Places[place]), new ByteLength(Length), new ByteLength(Length), RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(Places[next]));
            Assert.Equal(new VirtualAddress(Places[next]), moved.Address);
            place = next;
            Assert.False(space.Advise(new VirtualAddress(Scratch), new ByteLength(Length), Advice.DontNeed).IsError);
            if (moves % 4 == 0)
            {
                // Down onto itself, as execve's stack, and back by a hop.
                Assert.False(space.RelocateDown(new VirtualAddress(Places[place]), new ByteLength(Length), new ByteLength(Block)).IsError);
                Assert.False(space.Remap(
                    new VirtualAddress(Places[place] - Block), new ByteLength(Length), new ByteLength(Length), RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(10 * GiB)).IsError);
                Assert.False(space.Remap(
                    new VirtualAddress(10 * GiB), new ByteLength(Length), new ByteLength(Length), RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(Places[place])).IsError);
            }
        }

        long[][] counts = await Task.WhenAll(writers);
        AddressSpace.VerifyAll([space], []);
        for (int page = 0; page < Pages; page++)
        {
            for (int writer = 0; writer < counts.Length; writer++)
                Assert.Equal(counts[writer][page], space.Read<long>(new VirtualAddress(Places[place] + Offset(page, writer))));
        }

        Assert.All(counts, count => Assert.True(count.Select((last, page) => last - First(page)).Sum() > 0));
    }

    /// <summary>Looks for a page at every place; where it is, checks that it holds what this writer wrote last, and writes again.</summary>
    private static long[] WriteAndCheck(AddressSpace space, int writer, Stopwatch clock)
    {
        using VirtualProcessor processor = space.CreateProcessor();
        long[] last = [.. Enumerable.Range(0, Pages).Select(First)];
        var random = new Random(writer + 1);
        bool hasWritten = false;
        while (!hasWritten || clock.Elapsed < Duration)
        {
            int page = random.Next(Pages);
            foreach (ulong place in Places)
            {
                // Read and write are in one scope, and the pages are all there: nothing moves between the two.
                using AccessScope scope = processor.EnterAccess();
                var address = new VirtualAddress(place + Offset(page, writer));
                if (scope.TryRead(address, out long value) != AccessFault.None || value >> IdentityShift != page)
                    continue; // not there; or, while the mapping lies lower, another page
                if (value != last[page])
                    throw new InvalidOperationException($"Page {page} at {address} holds {value:x}, not {last[page]:x}.");
                scope.Write(address, value + 1);
                last[page] = value + 1;
                hasWritten = true;
                break;
            }

            // Faults, which drop out of the scope: what is read is zero or this writer's.
            var scratch = new VirtualAddress(Scratch + Offset(page, writer));
            long fresh = processor.Read<long>(scratch);
            if (fresh != 0 && fresh != writer + 1)
                throw new InvalidOperationException($"A fresh page at {scratch} holds {fresh:x}.");
            processor.Write(scratch, (long)writer + 1);
        }

        return last;
    }

    private static long First(int page) => ((long)page << IdentityShift) + 1;

    private static ulong Offset(int page, int writer) => ((ulong)page * PageSize.Bytes) + (8 * (ulong)writer);
}
