using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Tests.Moving;
using Xunit;

namespace PageShift.Tests.PageTables;

public sealed class PageTableCursorTests
{
    [Fact]
    public void A_cursor_goes_down_to_the_leaf_and_up_to_the_root()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, PageSize.Bytes);
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));

        cursor.DescendToEnd();
        Assert.Equal(PageTableLevel.Pte, cursor.Level);
        Assert.True(cursor.Entry.IsPresent);
        int ups = 0;
        while (cursor.TryAscend())
            ups++;

        Assert.Equal(3, ups);
        Assert.Equal(world.Tables.Root, cursor.Table);
    }

    [Fact]
    public void A_cursor_does_not_go_down_where_no_table_is()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));

        Assert.False(cursor.TryDescend());
        Assert.Equal(PageTableLevel.P4d, cursor.Level);
    }

    [Fact]
    public void Going_along_passes_every_slot_of_the_tree_once_in_ascending_order()
    {
        using var world = new TableWorld(PagingGeometry.Toy(3, 2));
        foreach (ulong page in new ulong[] { 0, 3, 4, 17, 63 })
            world.Populate(page << 12, PageSize.Bytes);
        var leaves = new List<ulong>();
        var cursor = new PageTableCursor(world.Tables, VirtualAddress.Zero);
        do
        {
            cursor.DescendToEnd();
            if (!cursor.Entry.IsNone)
                leaves.Add(cursor.SlotStart.Value >> 12);
        }
        while (cursor.TryAdvanceUpward());

        Assert.Equal([0, 3, 4, 17, 63], leaves);
    }

    [Fact]
    public void A_detached_table_that_is_not_empty_is_not_freed()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, PageSize.Bytes);
        var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));
        cursor.TryDescend();
        cursor.TryDescend();
        PageTableEntry table = cursor.Entry;
        DetachedEntry detached = cursor.Detach();

        InvalidOperationException? refused = null;
        try
        {
            detached.FreeEmptyTable();
        }
        catch (InvalidOperationException error)
        {
            refused = error;
        }

        Assert.NotNull(refused);
        cursor.Attach(table);
        world.Tables.Verify();
    }

    [Fact]
    public void An_occupied_slot_is_not_filled()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, PageSize.Bytes);

        Assert.Throws<InvalidOperationException>(() =>
        {
            var cursor = new PageTableCursor(world.Tables, new VirtualAddress(0x8100000));
            cursor.Attach(PageTableEntry.Guard);
        });
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
