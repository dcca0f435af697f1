using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>A window that slides on, through the end of its addresses and beyond.</summary>
public sealed class SlideTests
{
    private const int Pages = 100;

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void On_the_engine_a_window_slides_for_ever(int failsEach)
    {
        using var space = new AddressSpace();
        var kernel = new DecoratedKernel(new EngineKernel(space));
        using PageBuffer buffer = Slide(kernel, MoveStrategy.Move, failsEach);

        space.Verify();
    }

    [Theory]
    [InlineData(MoveStrategy.Move)]
    [InlineData(MoveStrategy.Copy)]
    public void On_the_running_kernel_a_window_slides_for_ever(MoveStrategy strategy) => Slide(new DecoratedKernel(SystemKernel.Instance), strategy, failsEach: 0).Dispose();

    [Fact]
    public void On_the_C_librarys_memory_a_window_slides_for_ever() => Slide(new DecoratedKernel(new PortableKernel()), MoveStrategy.Move, failsEach: 0).Dispose();

    /// <summary>Slides a window of numbered pages by a few pages at a time, and looks at the numbers.</summary>
    private static PageBuffer Slide(DecoratedKernel kernel, MoveStrategy strategy, int failsEach)
    {
        var page = (long)kernel.PageSize;
        var buffer = new PageBuffer(Pages * page, new PageBufferOptions { Strategy = strategy, Costs = MoveCosts.Typical, Capacity = 2 * Pages * page }, kernel);
        for (int i = 0; i < Pages; i++)
            buffer.Write(i * page, [(byte)i]);
        int first = 0;
        Span<byte> number = stackalloc byte[1];
        for (int slide = 0; slide < 300; slide++)
        {
            int by = (slide % 9) + 1;
            kernel.Reset();
            kernel.FailsAt = failsEach == 0 ? -1 : slide % failsEach;
            try
            {
                buffer.Slide(by * page);
                first += by;
            }
            catch (InsufficientMemoryException)
            {
                Assert.NotEqual(0, failsEach);
            }

            kernel.FailsAt = -1;
            for (int i = 0; i < Pages; i += 1 + (slide % 10))
            {
                buffer.Read(i * page, number);
                Assert.Equal((first + i) % Pages, number[0]);
            }
        }

        Assert.True(first > 10 * Pages);
        return buffer;
    }
}
