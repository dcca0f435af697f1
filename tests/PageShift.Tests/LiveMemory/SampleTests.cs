using PageShift.Memory.Samples;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>The samples of the library, small: each compares what it got with the same by copying.</summary>
public sealed class SampleTests
{
    private const int Megabytes = 16;

    [Fact]
    public void Arrows_columns_are_joined_without_a_copy() => AssertRuns(ArrowColumns.Run);

    [Fact]
    public void A_window_slides() => AssertRuns(SlidingWindow.Run);

    [Fact]
    public void A_file_is_edited_and_written_back() => AssertRuns(LargeFile.Run);

    [Fact]
    public void A_heap_is_compacted() => AssertRuns(CompactingHeap.Run);

    private static void AssertRuns(Func<TextWriter, int, bool> sample)
    {
        var output = new StringWriter();
        Assert.True(sample(output, Megabytes), output.ToString());
        Assert.Contains("saved", output.ToString(), StringComparison.Ordinal);
    }
}
