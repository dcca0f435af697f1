using PageShift.Memory;
using PageShift.Memory.Kernel;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Beyond 2 GiB, with few of the pages present; and what growing costs, counted.</summary>
public sealed class LargeTests
{
    private const long MiB = 1 << 20;
    private const long GiB = 1 << 30;

    [Fact]
    public void A_list_goes_on_beyond_2_GiB()
    {
        SkipWhereAllIsPresent();
        using var list = new PageList<byte>();
        list.InsertRange(0, 3 * GiB);
        list[GiB] = 1;
        list[(3 * GiB) - 1] = 2;
        list.InsertRange(GiB, 2 * MiB);
        list.AddRange([3]);

        Assert.Equal((3 * GiB) + (2 * MiB) + 1, list.Count);
        Assert.Equal((0, 1, 2, 3), (list[GiB], list[GiB + (2 * MiB)], list[(3 * GiB) + (2 * MiB) - 1], list[(3 * GiB) + (2 * MiB)]));
        list.RemoveRange(0, 2 * GiB);
        Assert.Equal((2, 3), (list[GiB + (2 * MiB) - 1], list[GiB + (2 * MiB)]));
    }

    [Fact]
    public void A_stream_goes_on_beyond_2_GiB()
    {
        SkipWhereAllIsPresent();
        using var stream = new PageStream();
        stream.SetLength(3 * GiB);
        stream.Position = (3 * GiB) - 1;
        stream.Write([1, 2]);
        stream.Insert(GiB, 2 * MiB);
        stream.Remove(0, 1 * MiB);
        stream.Position = (3 * GiB) + MiB - 1;

        Assert.Equal((3 * GiB) + MiB + 1, stream.Length);
        Assert.Equal((1, 2, -1), (stream.ReadByte(), stream.ReadByte(), stream.ReadByte()));
    }

    [Fact]
    public void Growing_takes_two_calls_for_each_MiB_and_copies_nothing()
    {
        const int Steps = 200;
        const int CallsToRebase = 9; // a reservation and what it trims, the move of each piece, the end of the old one
        var kernel = new DecoratedKernel(SystemKernel.Instance);
        if (!kernel.MovesPages)
            Assert.Skip("The kernel does not move pages.");
        using var list = new PageList<byte>(new PageBuffer(0, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical }, kernel));
        var part = new byte[MiB];
        for (int step = 0; step < Steps; step++)
            list.AddRange(part);

        int rebasings = (int)Math.Ceiling(Math.Log2(Steps)) + 1;
        Assert.InRange(kernel.Calls, 2 * Steps, (2 * Steps) + (rebasings * CallsToRebase)); // made accessible, made present
        Assert.Equal(0ul, kernel.Copied);
    }

    private static void SkipWhereAllIsPresent() =>
        Assert.SkipUnless(MemoryCapabilities.MovesPages, "Without a kernel that moves pages all of it would be allocated.");
}
