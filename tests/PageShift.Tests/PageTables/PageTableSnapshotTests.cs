using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.PageTables;

public sealed class PageTableSnapshotTests
{
    private const ulong Page = PageSize.Bytes;

    [Fact]
    public void A_snapshot_shows_the_branch_with_indexes_counts_and_runs_of_pages()
    {
        using var space = new AddressSpace();
        Map(space, 0x8100000, 2 << 20);
        Map(space, 0x8000000, Page);
        Map(space, 0x8003000, 2 * Page);

        PageTableSnapshot root = space.GetTables(Range(0x8000000, 4 << 20));

        Assert.Equal((PageTableLevel.P4d, VirtualAddress.Zero, 1), (root.Level, root.Start, root.LiveEntries));
        PageTableSnapshot pmd = Assert.Single(Assert.Single(root.Slots).Table!.Slots).Table!;
        Assert.Equal((PageTableLevel.Pmd, 2), (pmd.Level, pmd.LiveEntries));
        Assert.Equal([(64, 1), (65, 1)], pmd.Slots.Select(s => (s.First, s.Count)));
        PageTableSnapshot first = pmd.Slots[0].Table!;
        Assert.Equal((PageTableLevel.Pte, new VirtualAddress(0x8000000), 259), (first.Level, first.Start, first.LiveEntries));
        Assert.Equal([(0, 1), (3, 2), (256, 256)], first.Slots.Select(s => (s.First, s.Count)));
        Assert.All(first.Slots, s => Assert.Null(s.Table));
    }

    [Fact]
    public void Slots_that_touch_no_range_are_left_out_and_still_counted()
    {
        using var space = new AddressSpace();
        Map(space, 0x8000000, 8 << 20);
        Map(space, 0x40000000, Page);

        PageTableSnapshot root = space.GetTables(Range(0x8001000, Page), Range(0x8600000, Page));

        PageTableSnapshot pud = Assert.Single(root.Slots).Table!;
        Assert.Equal(2, pud.LiveEntries);
        PageTableSnapshot pmd = Assert.Single(pud.Slots).Table!;
        Assert.Equal(4, pmd.LiveEntries);
        Assert.Equal([64, 67], pmd.Slots.Select(s => s.First));
        Assert.Equal([(1, 1), (0, 1)], pmd.Slots.Select(s => s.Table!.Slots.Single()).Select(s => (s.First, s.Count)));
        Assert.All(pmd.Slots, s => Assert.Equal(512, s.Table!.LiveEntries));
    }

    [Fact]
    public void Large_pages_and_markers_are_items_without_a_table()
    {
        using var space = new AddressSpace();
        space.Map(new VirtualAddress(0x40000000), new ByteLength(6 << 20), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.False(space.MarkPresent(Range(0x40000000, 4 << 20), PageTableLevel.Pmd).IsError);
        Assert.False(space.Advise(new VirtualAddress(0x40400000), new ByteLength(Page), Advice.GuardInstall).IsError);

        PageTableSnapshot pmd = space.GetTables(Range(0x40000000, 6 << 20)).Slots.Single().Table!.Slots.Single().Table!;

        Assert.Equal([(0, 2, false), (2, 1, true)], pmd.Slots.Select(s => (s.First, s.Count, s.Table is not null)));
        Assert.Equal([(0, 1)], pmd.Slots[1].Table!.Slots.Select(s => (s.First, s.Count)));
    }

    [Fact]
    public void An_observer_sees_the_tables_as_they_are_before_the_move_and_only_during_its_call()
    {
        using var space = new AddressSpace();
        Map(space, 0x8000000, 2 << 20);
        var observer = new Observer();
        space.MoveObserver = observer;

        space.Remap(new VirtualAddress(0x8000000), new ByteLength(2 << 20), new ByteLength(2 << 20), RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(0x4000000));

        Assert.Equal([64], PmdIndexes(observer.Before!));
        Assert.Equal([32], PmdIndexes(space.GetTables(Observer.Everything)));
        Assert.Throws<InvalidOperationException>(() => observer.Kept!.GetTables(Observer.Everything));
    }

    private static IEnumerable<int> PmdIndexes(PageTableSnapshot root) => root.Slots.Single().Table!.Slots.Single().Table!.Slots.Select(s => s.First);

    private static AddressRange Range(ulong start, ulong length) => new(new VirtualAddress(start), new ByteLength(length));

    private static void Map(AddressSpace space, ulong start, ulong length) => Assert.False(
        space.Map(new VirtualAddress(start), new ByteLength(length), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate).IsError);

    private sealed class Observer : IMoveObserver
    {
        internal static readonly AddressRange Everything = Range(0, 1UL << 32);

        internal PageTableSnapshot? Before { get; private set; }

        internal MoveObservation? Kept { get; private set; }

        public void Moving(MoveObservation move)
        {
            Kept = move;
            Before = move.GetTables(Everything);
        }
    }
}
