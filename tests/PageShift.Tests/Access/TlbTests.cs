using PageShift.Abi;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

public class TlbTests
{
    [Fact]
    public void Write_and_fetch_hit_only_what_was_filled_for_them()
    {
        Tlb tlb = new();
        tlb.Fill(0x5000, 1, isWritable: false, isExecutable: true);
        Assert.Equal((0x5000UL, Tlb.NoTag, 0x5000UL), Tags(tlb, 0x5000));
        tlb.Fill(0x5000, 1, isWritable: true, isExecutable: false);
        Assert.Equal((0x5000UL, 0x5000UL, Tlb.NoTag), Tags(tlb, 0x5000));
    }

    [Fact]
    public void Pages_that_share_an_entry_evict_each_other()
    {
        Tlb tlb = new();
        ulong far = 0x5000 + (Tlb.EntryCount * PageSize.Bytes);
        tlb.Fill(0x5000, 1, isWritable: true, isExecutable: true);
        tlb.Fill(far, 2, isWritable: false, isExecutable: false);
        Assert.Equal((far, Tlb.NoTag, Tlb.NoTag), Tags(tlb, 0x5000));
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(0, 1)]
    [InlineData(63, 64)]
    [InlineData(0, 64)]
    [InlineData(1, 10_000)]
    [InlineData(70, 90)]
    [InlineData(5, 5)]
    public void Invalidating_a_range_forgets_its_pages_and_spares_the_others(int from, int to)
    {
        Tlb tlb = new();
        for (ulong page = 0; page < 64; page++)
            tlb.Fill(Page((long)page).Value, 1, isWritable: true, isExecutable: true);
        tlb.Invalidate(Range(from, to));
        for (int page = 0; page < 64; page++)
        {
            ulong address = Page(page).Value;
            Assert.Equal(page < from || page >= to, tlb.At(address).ReadTag == address);
            Assert.Equal(page < from || page >= to, tlb.At(address).WriteTag == address);
        }
    }

    [Fact]
    public void Invalidating_everything_forgets_everything()
    {
        Tlb tlb = new();
        for (ulong page = 0; page < 512; page++)
            tlb.Fill(page << 20, 1, isWritable: true, isExecutable: true);
        tlb.Fill(0, 1, isWritable: true, isExecutable: true);
        tlb.Invalidate(new AddressRange(VirtualAddress.Zero, new VirtualAddress(0x7fff_ffff_f000)));
        for (ulong page = 0; page < Tlb.EntryCount; page++)
            Assert.Equal((Tlb.NoTag, Tlb.NoTag, Tlb.NoTag), Tags(tlb, page << PageSize.Shift));
    }

    [Fact]
    public void An_unmapped_page_is_gone_at_once()
    {
        using AccessWorld world = new();
        world.Map(0, 3);
        world.Processor.Fill(Range(0, 3), 1);
        world.Unmap(1, 2);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(Page(1), out int _));
        Assert.Equal(1, world.Processor.Read<byte>(Page(0)));
        world.Map(1, 2);
        Assert.Equal(0, world.Processor.Read<byte>(Page(1)));
    }

    [Fact]
    public void A_page_made_read_only_can_no_longer_be_written()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Processor.Write(Page(0), 1);
        world.Protect(0, 1, Protection.Read);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryWrite(Page(0), 2));
        world.Protect(0, 1, Protection.None);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryRead(Page(0), out int _));
        world.Protect(0, 1, ReadWrite);
        Assert.Equal(1, world.Processor.Read<int>(Page(0)));
        world.Processor.Write(Page(0), 2);
        Assert.Equal(1UL, world.Memory.DataFrames);
    }

    [Fact]
    public void A_moved_page_is_found_at_its_new_address_only()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Processor.Write(Page(0), 77);
        Must(world.Space.Remap(Page(0), Pages(1), Pages(1), RemapFlags.MayMove | RemapFlags.Fixed, Page(600)));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(Page(0), out int _));
        Assert.Equal(77, world.Processor.Read<int>(Page(600)));
    }

    [Fact]
    public void A_copy_on_write_is_seen_by_a_processor_that_had_read_the_page()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        using VirtualProcessor other = world.Space.CreateProcessor();
        Assert.Equal(0, other.Read<int>(Page(0)));
        world.Processor.Write(Page(0), 8);
        Assert.Equal(8, other.Read<int>(Page(0)));
    }

    private static (ulong Read, ulong Write, ulong Execute) Tags(Tlb tlb, ulong address)
    {
        ref Tlb.TlbEntry entry = ref tlb.At(address);
        return (entry.ReadTag, entry.WriteTag, entry.ExecuteTag);
    }
}
