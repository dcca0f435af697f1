using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Moving;

/// <summary>Every population, source, destination and length of worlds of eight pages, and random cases of larger ones, under every policy, against a move page by page.</summary>
public sealed class SmallWorldTests
{
    [Theory]
    [InlineData(3, 1)]
    public void Every_move_in_a_world_of_eight_pages_equals_the_move_page_by_page(int levels, int indexBits)
    {
        PagingGeometry geometry = PagingGeometry.Toy(levels, indexBits);
        int pages = (int)(geometry.UserLimit.Value >> PageSize.Shift);
        long cases = 0;
        using var world = new TableWorld(geometry);
        for (int population = 0; population < 1 << pages; population++)
        {
            for (int old = 0; old < pages; old++)
            {
                for (int length = 1; old + length <= pages; length++)
                {
                    for (int @new = 0; @new + length <= pages; @new++)
                    {
                        if (@new == old || IsOccupied(population, old, length, @new))
                            continue;
                        MoveOnce(world, population, old, @new, length);
                        cases++;
                    }
                }
            }
        }

        Assert.Equal(16_352, cases);
    }

    [Fact]
    public void Random_moves_in_larger_worlds_equal_the_moves_page_by_page()
    {
        var random = new Random(20230325);
        for (int round = 0; round < 20_000; round++)
        {
            int bits = random.Next(1, 3);
            PagingGeometry geometry = PagingGeometry.Toy(random.Next(3, 5), bits);
            int pages = (int)(geometry.UserLimit.Value >> PageSize.Shift);
            using var world = new TableWorld(geometry);
            Populate(world, geometry, pages, random);
            int length = random.Next(1, pages + 1);
            int old = random.Next(0, pages - length + 1);
            int @new = random.Next(0, pages - length + 1);
            if (random.Next(2) == 0)
                @new = Math.Clamp(old + (random.Next(-4, 5) << bits), 0, pages - length);
            if (@new == old)
                continue;
            ClearDestination(world, old, @new, length);
            bool overlap = Math.Abs(@new - old) < length;
            if (overlap && @new > old)
            {
                // Linux never moves up onto itself; PageShift's mover can.
                world.MoveAndCheck(MovePolicy.PageShift, world.Request((ulong)old << 12, (ulong)@new << 12, (ulong)length << 12));
                continue;
            }

            MovePolicy policy = MovePolicyName.All[random.Next(5)];
            world.MoveAndCheck(policy, world.Request((ulong)old << 12, (ulong)@new << 12, (ulong)length << 12, stack: overlap));
        }
    }

    private static void Populate(TableWorld world, PagingGeometry geometry, int pages, Random random)
    {
        int perTable = geometry.EntriesPerTable;
        double density = random.NextDouble();
        for (int page = 0; page < pages; page++)
        {
            int large = perTable * (random.Next(6) == 0 ? perTable : 1);
            if (page % large == 0 && random.Next(5) == 0)
            {
                world.SetLargeLeaf((ulong)page << 12, large == perTable ? PageTableLevel.Pmd : PageTableLevel.Pud);
                page += large - 1;
            }
            else if (random.NextDouble() < density)
            {
                if (random.Next(8) == 0)
                    world.SetMarker((ulong)page << 12, random.Next(2) == 0 ? PageTableEntry.Guard : PageTableEntry.Swap((ulong)page + 1));
                else
                    world.Populate((ulong)page << 12, PageSize.Bytes);
            }
        }
    }

    private static void ClearDestination(TableWorld world, int old, int @new, int length)
    {
        for (int page = @new; page < @new + length; page++)
        {
            if (page >= old && page < old + length)
                continue;
            Assert.True(world.Tables.TrySplitAt(new VirtualAddress((ulong)page << 12)));
            Assert.True(world.Tables.TrySplitAt(new VirtualAddress((ulong)(page + 1) << 12)));
            world.Zap((ulong)page << 12, PageSize.Bytes);
        }
    }

    private static bool IsOccupied(int population, int old, int length, int @new)
    {
        int source = ((1 << length) - 1) << old;
        int destination = ((1 << length) - 1) << @new;
        return (population & destination & ~source) != 0;
    }

    private static void MoveOnce(TableWorld world, int population, int old, int @new, int length)
    {
        bool overlap = Math.Abs(@new - old) < length;
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            if (overlap && @new > old && policy != MovePolicy.PageShift)
                continue;
            world.Zap(0, world.Tables.Geometry.UserLimit.Value);
            for (int page = 0; page < 32; page++)
            {
                if ((population & (1 << page)) != 0)
                    world.Populate((ulong)page << 12, PageSize.Bytes);
            }

            MoveRequest request = world.Request((ulong)old << 12, (ulong)@new << 12, (ulong)length << 12, stack: overlap && @new < old);
            world.MoveAndCheck(policy, request);
        }
    }
}
