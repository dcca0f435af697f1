using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Moving;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>What the operations cost, counted on the engine by the policies of Linux's generations.</summary>
public sealed class KernelCountTests
{
    private const long MiB = 1 << 20;
    private const long GiB = 1 << 30;

    private static readonly PageBufferOptions Options = new() { Capacity = 2 * GiB, Costs = MoveCosts.Typical };

    public static TheoryData<MovePolicy> Generations => [MovePolicy.Linux50, MovePolicy.Linux511, MovePolicy.Linux67];

    [Theory]
    [MemberData(nameof(Generations))]
    public void Inserting_2_MiB_in_the_middle_of_1_GiB_moves_512_page_tables_and_not_one_page(MovePolicy generation)
    {
        MoveCost cost = Count(generation, GiB, buffer => buffer.Insert(512 * MiB, 2 * MiB));

        Assert.Equal((0ul, 512ul, 0ul), (cost.Pud, cost.Pmd, cost.Pte)); // 256 out, 256 in
        Assert.False(cost.Warned);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public void Removing_them_again_moves_as_many(MovePolicy generation)
    {
        MoveCost cost = Count(generation, GiB + (2 * MiB), buffer => buffer.Remove(512 * MiB, 2 * MiB));

        Assert.Equal((0ul, 512ul, 0ul), (cost.Pud, cost.Pmd, cost.Pte));
    }

    [Fact]
    public void Inserting_64_MiB_moves_each_page_table_once_in_chunks()
    {
        MoveCost cost = Count(MovePolicy.Linux67, GiB, buffer => buffer.Insert(512 * MiB, 64 * MiB));

        Assert.Equal((0ul, 256ul, 0ul), (cost.Pud, cost.Pmd, cost.Pte));
    }

    [Theory]
    [InlineData(MovePolicy.Linux50, 0, 512)]
    [InlineData(MovePolicy.Linux511, 1, 0)]
    [InlineData(MovePolicy.Linux67, 1, 0)]
    internal void Appending_a_buffer_of_1_GiB_moves_one_entry_where_Linux_moves_directories(MovePolicy generation, ulong directories, ulong tables)
    {
        using var space = new AddressSpace(new AddressSpaceOptions { Policy = generation });
        var kernel = new EngineKernel(space);
        using var buffer = new PageBuffer(GiB, Options with { Capacity = 4 * GiB }, kernel);
        using var other = new PageBuffer(GiB, Options, kernel);
        Populate(space, other);
        var observer = new CostObserver(generation);
        space.MoveObserver = observer;

        buffer.Append(other);

        Assert.Equal((directories, tables, 0ul), (observer.Cost.Pud, observer.Cost.Pmd, observer.Cost.Pte));
        space.Verify();
    }

    [Fact]
    public void Sliding_a_window_moves_the_fronts_tables_once()
    {
        MoveCost cost = Count(MovePolicy.Linux67, GiB, buffer => buffer.Slide(64 * MiB));

        Assert.Equal((0ul, 32ul, 0ul), (cost.Pud, cost.Pmd, cost.Pte));
    }

    [Fact]
    public void Dropping_the_front_moves_nothing()
    {
        MoveCost cost = Count(MovePolicy.Linux67, GiB, buffer => buffer.DropFront(64 * MiB));

        Assert.Equal(0ul, cost.Entries);
    }

    [Fact]
    public void An_insertion_and_a_removal_take_three_calls_each()
    {
        using var space = new AddressSpace();
        var kernel = new DecoratedKernel(new EngineKernel(space));
        using var buffer = new PageBuffer(GiB, Options, kernel);
        buffer.Insert(512 * MiB, 2 * MiB); // takes the scratch's addresses
        buffer.Remove(512 * MiB, 2 * MiB);
        kernel.Reset();

        buffer.Insert(512 * MiB, 2 * MiB);
        int insertion = kernel.Calls;
        kernel.Reset();
        buffer.Remove(512 * MiB, 2 * MiB);

        Assert.Equal((3, 3), (insertion, kernel.Calls)); // the end made accessible, out, in; and out, in, the end made inaccessible
    }

    private static MoveCost Count(MovePolicy generation, long length, Action<PageBuffer> operation)
    {
        using var space = new AddressSpace(new AddressSpaceOptions { Policy = generation });
        using var buffer = new PageBuffer(length, Options, new EngineKernel(space));
        Populate(space, buffer);
        var observer = new CostObserver(generation);
        space.MoveObserver = observer;
        operation(buffer);
        space.Verify();
        return observer.Cost;
    }

    /// <summary>Makes a page present in each table; the counts of tables are the same as with all of them.</summary>
    private static void Populate(AddressSpace space, PageBuffer buffer)
    {
        for (long at = 0; at < buffer.Length; at += 2 * MiB)
            space.Write(new VirtualAddress(buffer.BaseAddress + (ulong)at), 1);
    }

    private sealed class CostObserver(MovePolicy policy) : IMoveObserver
    {
        internal MoveCost Cost { get; private set; }

        public void Moving(MoveObservation move) => Cost += move.Plan(policy).Cost;
    }
}
