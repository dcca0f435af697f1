using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>A value that crosses pages, while each fault lets another thread take the other page away.</summary>
public sealed class CrossingAccessTests : IDisposable
{
    private readonly PhysicalMemory _memory = new(new PhysicalMemoryOptions { CapacityBytes = 2 << 20 });
    private readonly PageTableTree _tables;
    private readonly FrameNumber[] _frames = new FrameNumber[2];

    public CrossingAccessTests()
    {
        _tables = new PageTableTree(_memory, PagingGeometry.X86);
        for (int page = 0; page < 2; page++)
            Assert.True(_memory.TryAllocateFrame(zeroed: true, out _frames[page]));
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Nothing_is_written_when_the_first_page_was_lost_and_found_but_the_second_is_then_gone()
    {
        Set(0, isThere: true);
        using VirtualProcessor processor = Processor(new Flipping(this, faultsUntilGone: 2));
        Assert.Equal(AccessFault.NotMapped, processor.TryWrite(At(0, 4092), ulong.MaxValue));
        Assert.Equal(Page(1), processor.FaultAddress);
        Assert.Equal(-1, _memory.Bytes(_frames[0]).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, _memory.Bytes(_frames[1]).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void All_is_written_once_both_pages_stay()
    {
        Set(0, isThere: true);
        using VirtualProcessor processor = Processor(new Flipping(this, faultsUntilStable: 6));
        Assert.Equal(AccessFault.None, processor.TryWrite(At(0, 4092), ulong.MaxValue));
        Assert.Equal(4092, _memory.Bytes(_frames[0]).IndexOfAnyExcept((byte)0));
        Assert.Equal(3, _memory.Bytes(_frames[1]).LastIndexOfAnyExcept((byte)0));
        Assert.Equal(AccessFault.None, processor.TryRead(At(0, 4092), out ulong value));
        Assert.Equal(ulong.MaxValue, value);
    }

    private VirtualProcessor Processor(IFaultResolver resolver) => new(resolver, _tables, new MappingLock(), _ => { });

    private void Set(int page, bool isThere)
    {
        const ulong Bits = PageTableEntry.PresentBit | PageTableEntry.WritableBit | PageTableEntry.UserBit;
        Assert.True(_tables.TryMakeTable(Page(0), PageTableLevel.Pte, out FrameNumber table));
        _tables.Set(table, _tables.Geometry.Index(Page(page), PageTableLevel.Pte), isThere ? PageTableEntry.Leaf(_frames[page], Bits) : PageTableEntry.None);
    }

    private sealed class Flipping(CrossingAccessTests world, int faultsUntilGone = int.MaxValue, int faultsUntilStable = int.MaxValue) : IFaultResolver
    {
        private int _faults;

        public AccessFault ResolveFault(VirtualAddress address, AccessKind access, MappingLock.ReaderFlag reader)
        {
            if (_faults++ >= faultsUntilGone)
                return AccessFault.NotMapped;
            int page = address.PageStart == Page(0) ? 0 : 1;
            world.Set(page, isThere: true);
            if (_faults < faultsUntilStable)
                world.Set(1 - page, isThere: false);
            reader.Releases++;
            return AccessFault.None;
        }
    }
}
