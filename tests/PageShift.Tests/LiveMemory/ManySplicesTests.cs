using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Tests.Model;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Mappings don't pile up, however many splices there are, and every byte stays right.</summary>
public sealed class ManySplicesTests
{
    private const int Pages = 4096;
    private const int Splices = 3400; // 100,000 in .ci/long, which runs thirty times as many

    [Theory]
    [InlineData(MoveStrategy.Move)]
    [InlineData(MoveStrategy.Cheapest)]
    public void Random_splices_leave_no_more_mappings_than_stated(MoveStrategy strategy)
    {
        using var buffer = new PageBuffer((long)Pages * Environment.SystemPageSize, new PageBufferOptions { Strategy = strategy, Costs = MoveCosts.Typical });
        Splice(buffer, Splices * ModelRun.Factor);

        Assert.InRange(buffer.PieceCount, 1, PageBufferOptions.Default.MaximumPieces);
        if (OperatingSystem.IsLinux())
            Assert.InRange(CountMappings(buffer), 1, PageBufferOptions.Default.MaximumPieces);
    }

    [Fact]
    public void So_it_is_on_the_engine()
    {
        using var space = new AddressSpace();
        using var buffer = new PageBuffer(256 * 4096, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 16 }, new EngineKernel(space));
        Splice(buffer, 300 * ModelRun.Factor);

        int mappings = space.GetMappings(new AddressRange(new VirtualAddress(buffer.BaseAddress), new ByteLength((ulong)buffer.Length))).Count;
        Assert.InRange(mappings, 1, 16);
        space.Verify();
    }

    [Fact]
    public void Each_splice_takes_a_bounded_number_of_calls()
    {
        const int Most = 32;
        var kernel = new DecoratedKernel(SystemKernel.Instance);
        Assert.SkipUnless(kernel.MovesPages, "The kernel does not move pages.");
        using var buffer = new PageBuffer((long)Pages * (long)kernel.PageSize, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = Most }, kernel);
        var random = new Random(1);
        long page = buffer.PageSize;
        int most = 0;
        for (int i = 0; i < 2000; i++)
        {
            kernel.Reset();
            buffer.Insert(random.Next(Pages) * page, 3 * page);
            most = Math.Max(most, kernel.Calls);
            kernel.Reset();
            buffer.Remove(random.Next(Pages) * page, 3 * page);
            most = Math.Max(most, kernel.Calls);
        }

        // Two moves of each piece, in few enough chunks; one change of the end; four calls for each of at most three merges; now and then the scratch is made one mapping again.
        Assert.InRange(most, Most, (2 * (Most + 3)) + 1 + (3 * 4) + ((Most + 3) / 8) + 2);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(int.MaxValue - 15)]
    [InlineData(int.MaxValue)]
    public void However_many_pieces_are_allowed_pages_move(int most)
    {
        var kernel = new DecoratedKernel(SystemKernel.Instance);
        Assert.SkipUnless(kernel.MovesPages, "The kernel does not move pages.");
        using var buffer = new PageBuffer(Pages * (long)kernel.PageSize, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = most }, kernel);
        for (int i = 0; i < 100; i++)
            buffer.Insert(i * (long)kernel.PageSize, (long)kernel.PageSize);

        Assert.Equal(0UL, kernel.Copied);
        Assert.InRange(buffer.PieceCount, 65, 201);
    }

    [Fact]
    public void While_unleased_use_is_sought_pieces_are_no_fewer_than_mappings()
    {
        if (!OperatingSystem.IsLinux())
            return;
        long page = Environment.SystemPageSize;
        using var buffer = new PageBuffer(8 * page, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, FindUnleasedUse = true });
        buffer.Slide(6 * page); // the two pages of the front have an identity, and are where they were first mapped
        buffer.Resize(10 * page);
        buffer.Write(8 * page, [1]); // two more have another, and while they are concealed they are one mapping with all behind them
        buffer.Split(2 * page).Dispose();
        buffer.Resize(4 * page);

        using PageLease lease = buffer.Lease();
        Assert.InRange(buffer.PieceCount, CountMappings(buffer), 3);
    }

    /// <summary>Inserts and removes pages that carry numbers, beside a list of the numbers.</summary>
    private static void Splice(PageBuffer buffer, int splices)
    {
        var random = new Random(2023);
        long page = buffer.PageSize;
        var model = new List<int>();
        for (int i = 0; i < buffer.Length / page; i++)
            model.Add(Number(buffer, i, page));
        int first = model.Count;
        for (int i = 0; i < splices; i++)
        {
            int count = 1 + random.Next(8);
            if (model.Count <= first)
            {
                int at = random.Next(model.Count + 1);
                if (buffer.Capacity < buffer.Length + (count * page))
                    buffer.Reserve(2 * buffer.Length);
                buffer.Insert(at * page, count * page);
                model.InsertRange(at, new int[count]);
                for (int j = 0; j < count; j += 1 + random.Next(2)) // some stay untouched
                    model[at + j] = Number(buffer, at + j, page);
            }
            else
            {
                int at = random.Next(model.Count - count);
                buffer.Remove(at * page, count * page);
                model.RemoveRange(at, count);
            }
        }

        Span<byte> bytes = stackalloc byte[sizeof(int)];
        for (int i = 0; i < model.Count; i++)
        {
            buffer.Read(i * page, bytes);
            Assert.Equal(model[i], BitConverter.ToInt32(bytes));
            buffer.Read(((i + 1) * page) - sizeof(int), bytes);
            Assert.Equal(model[i], BitConverter.ToInt32(bytes));
        }
    }

    private static int Number(PageBuffer buffer, int index, long page)
    {
        int number = Random.Shared.Next();
        byte[] bytes = BitConverter.GetBytes(number);
        buffer.Write(index * page, bytes);
        buffer.Write(((index + 1) * page) - sizeof(int), bytes);
        return number;
    }

    /// <summary>The lines of the process's mappings within a buffer.</summary>
    private static int CountMappings(PageBuffer buffer)
    {
        ulong start = buffer.BaseAddress;
        ulong end = start + (ulong)buffer.Length;
        return File.ReadLines("/proc/self/maps").Count(line =>
        {
            string[] range = line.Split(' ')[0].Split('-');
            return Convert.ToUInt64(range[0], 16) < end && Convert.ToUInt64(range[1], 16) > start;
        });
    }
}
