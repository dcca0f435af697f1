using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Tests.Moving;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.PageTables;

public sealed class PageTableCursorTests
{
    [Fact]
    public void A_cursor_enters_tables_down_to_the_leaf_and_leaves_them_up_to_the_root()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, PageSize.Bytes);
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));

        Assert.True(cursor.TryEnterTo(PageTableLevel.Pte));
        Assert.True(cursor.Entry.IsPresent);
        Assert.False(cursor.TryEnter());
        int ups = 0;
        while (cursor.TryLeave())
            ups++;

        Assert.Equal(3, ups);
        Assert.Equal((world.Tables.Root, 0), (cursor.Table, cursor.Index));
    }

    [Fact]
    public void A_cursor_does_not_enter_where_no_table_is()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));

        Assert.False(cursor.TryEnter());
        Assert.False(cursor.TryEnterLive(PageTableLevel.Pte));
        Assert.Equal(PageTableLevel.P4d, cursor.Level);
        Assert.False(cursor.TryLeave());
    }

    /// <summary>From every slot to every other: the cursor stands where a walk from the root ends, and in the table that was entered last it knows its own slots.</summary>
    [Fact]
    public void A_cursor_seeks_any_address_from_any_other()
    {
        using var world = new TableWorld(PagingGeometry.Toy(3, 2));
        foreach (int page in (int[])[0, 3, 4, 17, 18, 63])
            world.Populate((ulong)page << 12, PageSize.Bytes);
        var cursor = new PageTableCursor(world.Tables);
        for (int from = 0; from < 64; from++)
        {
            for (int to = 0; to < 64; to++)
            {
                foreach (PageTableLevel level in (PageTableLevel[])[PageTableLevel.Pte, PageTableLevel.Pmd])
                {
                    var address = new VirtualAddress((ulong)to << 12);
                    PageTableWalk walk = world.Tables.Walk(address, level);
                    cursor.TrySeek(new VirtualAddress((ulong)from << 12), PageTableLevel.Pte);

                    Assert.Equal(walk.Level == level, cursor.TrySeek(address, level));
                    Assert.Equal((walk.Level, walk.Table, walk.Index, walk.Entry), (cursor.Level, cursor.Table, cursor.Index, cursor.Entry));
                    Assert.True(cursor.IsInTable(address) && cursor.Slot.Contains(address));
                }
            }
        }
    }

    /// <summary>Every range of a small tree: the slots that touch it are passed once, in ascending order, and none beside.</summary>
    [Fact]
    public void A_cursor_passes_the_slots_that_touch_its_range_in_ascending_order()
    {
        using var world = new TableWorld(PagingGeometry.Toy(3, 2));
        int[] pages = [0, 3, 4, 17, 18, 63];
        foreach (int page in pages)
            world.Populate((ulong)page << 12, PageSize.Bytes);
        for (int start = 0; start <= 64; start++)
        {
            for (int end = start; end <= 64; end++)
            {
                var found = new List<int>();
                var cursor = new PageTableCursor(world.Tables, new AddressRange(new VirtualAddress((ulong)start << 12), new VirtualAddress((ulong)end << 12)));
                while (cursor.MoveToNextLeaf())
                {
                    Assert.Equal(PageTableLevel.Pte, cursor.Level);
                    Assert.True(cursor.IsWhole);
                    Assert.Equal(cursor.Slot, cursor.Covered);
                    found.Add((int)(cursor.SlotStart.Value >> 12));
                }

                Assert.Equal(pages.Where(page => page >= start && page < end), found);
                Assert.False(cursor.MoveToNextLeaf());
            }
        }
    }

    [Fact]
    public void A_slot_that_reaches_over_an_end_of_the_range_is_covered_in_part()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.SetLargeLeaf(0x40000000, PageTableLevel.Pmd);
        var range = new AddressRange(new VirtualAddress(0x40100000), new VirtualAddress(0x40101000));
        var cursor = new PageTableCursor(world.Tables, range);

        Assert.True(cursor.MoveToNextLeaf());
        Assert.Equal((new VirtualAddress(0x40000000), ByteLength.FromMiB(2), range, false), (cursor.SlotStart, cursor.Slot.Length, cursor.Covered, cursor.IsWhole));
        Assert.False(cursor.MoveToNextLeaf());
    }

    [Fact]
    public void Leaving_a_table_leads_back_to_the_slot_that_points_to_it()
    {
        using var world = new TableWorld(PagingGeometry.Toy(3, 2));
        world.Populate(0, 64UL << 12);
        var cursor = new PageTableCursor(world.Tables, new AddressRange(new VirtualAddress(5UL << 12), new VirtualAddress(60UL << 12)));
        do
        {
            if (!cursor.TryEnter())
                continue;
            (PageTableLevel level, VirtualAddress start, FrameNumber table) = (cursor.Level, cursor.SlotStart, cursor.Table);
            Assert.True(cursor.TryLeave());
            Assert.Equal(table, cursor.Entry.Frame);
            Assert.True(cursor.Slot.Contains(start));
            Assert.True(cursor.TryEnter());
            Assert.Equal((level, start), (cursor.Level, cursor.SlotStart));
        }
        while (cursor.TryAdvance());
    }

    [Fact]
    public void A_detached_table_that_is_not_empty_is_not_freed()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, PageSize.Bytes);
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));
        Assert.True(cursor.TryEnterTo(PageTableLevel.Pmd));
        DetachedEntry detached = cursor.Detach();

        Assert.Throws<InvalidOperationException>(detached.FreeTable);
        Assert.Throws<InvalidOperationException>(detached.ReleaseFrames);
        Assert.True(cursor.Entry.IsNone);
        cursor.Fill(detached.Entry);
        world.Tables.Verify();
    }

    [Fact]
    public void A_detached_leaf_gives_its_frames_back()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.SetLargeLeaf(0x40000000, PageTableLevel.Pmd);
        ulong before = world.Memory.DataFrames;
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x40000000));
        Assert.True(cursor.MoveToNextLeaf());

        cursor.Replace(PageTableEntry.Guard).ReleaseFrames();

        Assert.Equal(before - 512, world.Memory.DataFrames);
        Assert.True(cursor.Entry.IsGuard);
        cursor.Detach().ReleaseFrames(); // a marker has none
    }

    [Fact]
    public void An_occupied_slot_is_not_filled_and_an_empty_one_holds_nothing_to_detach()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, PageSize.Bytes);

        Assert.Throws<InvalidOperationException>(() => new PageTableCursor(world.Tables, new VirtualAddress(0x8100000)).Fill(PageTableEntry.Guard));
        Assert.Throws<InvalidOperationException>(() => new PageTableCursor(world.Tables, new VirtualAddress(0x7000_0000_0000)).Detach().FreeTable());
    }

    [Fact]
    public void Splitting_a_1_GiB_leaf_keeps_every_translation()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.SetLargeLeaf(0x40000000, PageTableLevel.Pud);
        FrameNumber first = world.Tables.Walk(new VirtualAddress(0x40000000)).Entry.Frame;

        Assert.True(world.Tables.TrySplitAt(new VirtualAddress(0x40201000)));

        world.Tables.Verify();
        PageTableWalk page = world.Tables.Walk(new VirtualAddress(0x40201000));
        Assert.Equal((PageTableLevel.Pte, first + 0x201), (page.Level, page.Entry.Frame));
        Assert.False(page.Entry.With(0).IsTable(PageTableLevel.Pte));
        PageTableWalk large = world.Tables.Walk(new VirtualAddress(0x40400000));
        Assert.Equal((PageTableLevel.Pmd, first + 0x400), (large.Level, large.Entry.Frame));
    }

    [Fact]
    public void Running_out_of_memory_while_making_tables_leaves_no_empty_one()
    {
        for (int allowed = 0; allowed < 3; allowed++)
        {
            using var world = new TableWorld(PagingGeometry.X86);
            world.Memory.AllocationsUntilFailure = allowed;
            Assert.False(world.Tables.TryMakeTable(new VirtualAddress(0x8100000), PageTableLevel.Pte, out _));
            world.Memory.AllocationsUntilFailure = -1;

            Assert.Equal(1UL, world.Tables.Verify());
            Assert.Equal(1UL, world.Memory.TableFrames);
        }
    }
}
