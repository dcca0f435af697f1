using PageShift.PageTables;
using PageShift.Physical;
using Xunit;

namespace PageShift.Tests.Physical;

/// <summary>The frames of the large zero page, which are never counted nor freed.</summary>
public class LargeZeroPageTests
{
    [Fact]
    public void A_frame_right_below_the_large_zero_page_is_released_without_it()
    {
        const int Order = 1;
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        FrameNumber frame;
        do
            Assert.True(memory.TryAllocateFrame(zeroed: true, out frame));
        while ((frame.Value & 1) == 0);
        Assert.True(memory.TryGetHugeZero(Order, out FrameNumber zero));
        Assert.Equal(frame + 1, zero);
        ulong before = memory.DataFrames;

        memory.ReleaseMapped([PageTableEntry.Leaf(frame, PageTableEntry.PresentBit), PageTableEntry.Leaf(zero, PageTableEntry.PresentBit), PageTableEntry.Leaf(zero + 1, PageTableEntry.PresentBit)]);

        Assert.Equal(before - 1, memory.DataFrames);
        for (int i = 0; i < 4; i++)
        {
            Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber other));
            Assert.False(memory.IsZeroPage(other));
        }
    }
}
