using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Physical;

public sealed class PhysicalMemoryTests
{
    private const ulong TwoMiB = 2UL << 20;

    [Fact]
    public void Bookkeeping_takes_at_most_sixteen_bytes_a_frame()
    {
        Assert.InRange(FrameAllocator.BookkeepingBytesPerFrame, 1, 16);
    }

    [Fact]
    public void The_default_arena_promises_64_GiB_and_commits_next_to_nothing()
    {
        using var memory = new PhysicalMemory();

        Assert.Equal(64UL << 30, memory.Options.CapacityBytes);
        Assert.Equal(0UL, memory.DataFrames);
    }

    [Fact]
    public void A_fresh_frame_has_one_reference_and_zeroes()
    {
        using var memory = new PhysicalMemory();
        Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber frame));

        Assert.Equal(1U, memory.References(frame));
        Assert.Equal(-1, memory.Bytes(frame).IndexOfAnyExcept((byte)0));
        Assert.Equal(1UL, memory.DataFrames);
    }

    [Fact]
    public void A_frame_is_freed_with_its_last_reference_and_handed_out_again_zeroed()
    {
        using var memory = new PhysicalMemory();
        Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber frame));
        memory.Bytes(frame).Fill(7);
        memory.AddReference(frame);

        memory.Release(frame);
        Assert.Equal(1UL, memory.DataFrames);
        memory.Release(frame);
        Assert.Equal(0UL, memory.DataFrames);

        Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber again));
        Assert.Equal(frame, again);
        Assert.Equal(-1, memory.Bytes(again).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Releasing_a_free_frame_is_refused()
    {
        using var memory = new PhysicalMemory();
        Assert.True(memory.TryAllocateFrame(zeroed: false, out FrameNumber frame));
        memory.Release(frame);

        Assert.Throws<InvalidOperationException>(() => memory.Release(frame));
    }

    [Fact]
    public void A_table_with_live_entries_is_not_freed()
    {
        using var memory = new PhysicalMemory();
        Assert.True(memory.TryAllocateTable(out FrameNumber table));
        memory.AddLiveEntries(table, 1);

        Assert.Throws<InvalidOperationException>(() => memory.FreeTable(table));
    }

    [Fact]
    public void All_frames_can_be_handed_out_once_and_again_after_they_came_back()
    {
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 4 * TwoMiB });
        for (int round = 0; round < 3; round++)
        {
            var frames = new HashSet<ulong>();
            while (memory.TryAllocateFrame(zeroed: false, out FrameNumber frame))
                Assert.True(frames.Add(frame.Value));

            Assert.Equal((4 * 512) - 2, frames.Count); // frame 0 is none, frame 1 the zero page
            Assert.DoesNotContain(0UL, frames);
            Assert.DoesNotContain(FrameNumber.ZeroPage.Value, frames);
            foreach (ulong frame in frames.OrderBy(f => (f * 2654435761) % 4096))
                memory.Release(new FrameNumber(frame));
            Assert.Equal(0UL, memory.DataFrames);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(18)]
    public void Frames_for_a_large_leaf_are_aligned_to_their_number(int order)
    {
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { BytesFreeCapacityBytes = 1UL << 40 });
        Assert.True(memory.TryAllocateFrame(zeroed: false, out _));

        Assert.True(memory.TryAllocateContiguous(order, zeroed: false, out FrameNumber first));
        Assert.True(memory.TryAllocateContiguous(order, zeroed: false, out FrameNumber second));

        Assert.Equal(0UL, first.Value % (1UL << order));
        Assert.Equal(0UL, second.Value % (1UL << order));
        Assert.True(first.Value + (1UL << order) <= second.Value || second.Value + (1UL << order) <= first.Value);
    }

    [Fact]
    public void A_block_whose_frames_all_came_back_serves_a_large_leaf_again()
    {
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 2 * TwoMiB });
        Assert.True(memory.TryAllocateContiguous(9, zeroed: true, out FrameNumber first));
        Assert.False(memory.TryAllocateContiguous(9, zeroed: true, out _));
        memory.Bytes(first + 511).Fill(3);

        for (ulong i = 0; i < 512; i++)
            memory.Release(first + i);

        Assert.True(memory.TryAllocateContiguous(9, zeroed: true, out FrameNumber again));
        Assert.Equal(first, again);
        Assert.Equal(-1, memory.Bytes(again + 511).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_bytes_free_arena_numbers_a_terabyte_without_content()
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        Assert.True(memory.IsBytesFree);
        Assert.True(memory.TryAllocateContiguous(18, zeroed: true, out FrameNumber frame));

        Assert.True(frame.Value >= memory.Options.CapacityBytes >> PageSize.Shift);
    }

    [Fact]
    public void A_write_past_a_frame_is_found_by_its_fence()
    {
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 2 * TwoMiB, Fenced = true });
        Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber frame));
        memory.VerifyFences();

        FencedFrames.WritePastEnd(memory, frame);

        Assert.Throws<InvalidOperationException>(memory.VerifyFences);
    }

    [Fact]
    public void A_freed_frame_of_a_fenced_arena_is_poisoned()
    {
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 2 * TwoMiB, Fenced = true });
        Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber frame));

        memory.Release(frame);

        Assert.Equal(0xDD, memory.Bytes(frame)[100]);
    }

    [Fact]
    public void The_zero_page_is_never_counted_nor_freed()
    {
        using var memory = new PhysicalMemory();

        memory.AddReference(FrameNumber.ZeroPage);
        memory.Release(FrameNumber.ZeroPage);
        memory.Release(FrameNumber.ZeroPage);

        Assert.Equal(0UL, memory.DataFrames);
        Assert.Equal(-1, memory.Bytes(FrameNumber.ZeroPage).IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(4096UL, 0UL)]
    [InlineData(1UL << 43, 0UL)]
    [InlineData(1UL << 30, 4096UL)]
    public void Capacities_that_are_no_multiple_of_2_MiB_or_too_large_are_refused(ulong capacity, ulong bytesFree)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = capacity, BytesFreeCapacityBytes = bytesFree }));
    }
}
