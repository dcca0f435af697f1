using PageShift.Abi;
using PageShift.Linux;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.Linux;

public sealed class KernelExecutorTests
{
    private const ulong Base = 0x2000_0000_0000;
    private const ulong Page = PageSize.Bytes;

    [Fact]
    public void A_fresh_executor_has_an_empty_address_space()
    {
        using KernelExecutor executor = OrSkip();
        var mappings = new List<KernelMapping>();

        Assert.True(executor.ReadMappings(Everything, mappings));

        Assert.Empty(mappings);
    }

    [Fact]
    public void The_kernel_chooses_the_highest_gap_below_the_map_base()
    {
        using KernelExecutor executor = OrSkip();

        KernelOutcome outcome = executor.Invoke(SystemCallNumber.Map, 0, 3 * Page, ReadWrite, PrivateAnonymous, NoDescriptor);

        Assert.Equal(executor.Surroundings.MapBase - new ByteLength(3 * Page), outcome.Result.Address);
    }

    [Fact]
    public void Two_executors_have_the_same_surroundings()
    {
        using KernelExecutor first = OrSkip();
        using KernelExecutor second = OrSkip();

        Assert.Equal(first.Surroundings, second.Surroundings);
    }
}
