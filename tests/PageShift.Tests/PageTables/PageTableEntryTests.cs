using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.PageTables;

/// <summary>The format, bit for bit, as the processor's manual has it.</summary>
public sealed class PageTableEntryTests
{
    [Fact]
    public void The_bits_stand_where_the_manual_puts_them()
    {
        Assert.Equal(0x1UL, PageTableEntry.PresentBit);
        Assert.Equal(0x2UL, PageTableEntry.WritableBit);
        Assert.Equal(0x4UL, PageTableEntry.UserBit);
        Assert.Equal(0x20UL, PageTableEntry.AccessedBit);
        Assert.Equal(0x40UL, PageTableEntry.DirtyBit);
        Assert.Equal(0x80UL, PageTableEntry.LargeBit);
        Assert.Equal(0x100UL, PageTableEntry.GlobalBit);
        Assert.Equal(0x8000_0000_0000_0000UL, PageTableEntry.NoExecuteBit);
        Assert.Equal(0x000f_ffff_ffff_f000UL, PageTableEntry.FrameMask);
    }

    [Fact]
    public void An_entry_that_points_to_a_table_has_the_bits_that_linux_gives_it()
    {
        Assert.Equal(0x1234067UL, PageTableEntry.ToTable(new FrameNumber(0x1234)).Value);
    }

    [Fact]
    public void A_page_without_access_is_mapped_but_not_present()
    {
        PageTableEntry entry = PageTableEntry.Leaf(new FrameNumber(5), PageTableEntry.ProtNoneBit | PageTableEntry.NoExecuteBit);

        Assert.True(entry.IsMapped);
        Assert.True(entry.IsProtNone);
        Assert.False(entry.IsPresent);
        Assert.Equal(new FrameNumber(5), entry.Frame);
    }

    [Fact]
    public void A_global_present_page_is_not_one_without_access()
    {
        Assert.False(new PageTableEntry(PageTableEntry.PresentBit | PageTableEntry.GlobalBit).IsProtNone);
    }

    [Fact]
    public void Markers_occupy_their_slot_and_map_nothing()
    {
        foreach (PageTableEntry marker in new[] { PageTableEntry.Guard, PageTableEntry.Swap(0), PageTableEntry.Swap(0xff_ffff_ffff) })
        {
            Assert.False(marker.IsNone);
            Assert.True(marker.IsMarker);
            Assert.False(marker.IsMapped);
        }

        Assert.True(PageTableEntry.Guard.IsGuard);
        Assert.False(PageTableEntry.Swap(0).IsGuard);
    }

    [Theory]
    [InlineData(0, 0x1000UL)]
    [InlineData(1, 0x200000UL)]
    [InlineData(2, 0x40000000UL)]
    [InlineData(3, 0x8000000000UL)]
    [InlineData(4, 0x1000000000000UL)]
    public void Each_level_spans_512_times_the_level_below(int level, ulong span)
    {
        Assert.Equal(span, PagingGeometry.X86FiveLevel.Span((PageTableLevel)level).Value);
    }

    [Fact]
    public void The_index_of_an_address_is_nine_bits_a_level()
    {
        var address = new VirtualAddress((0x1abUL << 39) | (0x0cdUL << 30) | (0x1efUL << 21) | (0x012UL << 12) | 0x345);

        Assert.Equal(0x1ab, PagingGeometry.X86.Index(address, PageTableLevel.P4d));
        Assert.Equal(0x0cd, PagingGeometry.X86.Index(address, PageTableLevel.Pud));
        Assert.Equal(0x1ef, PagingGeometry.X86.Index(address, PageTableLevel.Pmd));
        Assert.Equal(0x012, PagingGeometry.X86.Index(address, PageTableLevel.Pte));
    }

    [Theory]
    [InlineData(0x8100000UL, 0x7f00000UL, PageTableLevel.Pmd)]
    [InlineData(0x1020000000UL, 0xfe0000000UL, PageTableLevel.Pud)]
    [InlineData(0x1000UL, 0x2000UL, PageTableLevel.Pte)]
    [InlineData(0x0UL, 0x8000000000UL, PageTableLevel.P4d)]
    public void Congruence_is_the_highest_level_at_which_two_addresses_stand_alike(ulong left, ulong right, PageTableLevel expected)
    {
        Assert.Equal(expected, PagingGeometry.X86.Congruence(new VirtualAddress(left), new VirtualAddress(right)));
    }
}
