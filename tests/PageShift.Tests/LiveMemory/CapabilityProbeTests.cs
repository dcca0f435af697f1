using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Memory.Moving;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>What is found out once for the life of a process must not be a shortage that passes.</summary>
public sealed class CapabilityProbeTests
{
    [Theory]
    [InlineData(FailureKind.RefuseOne)]
    [InlineData(FailureKind.FailLate)]
    public void A_shortage_is_no_answer_to_what_the_kernel_can_do(FailureKind kind)
    {
        Assert.Throws<InsufficientMemoryException>(() => CapabilityProbe.Maps(Short(0)));
        Assert.Throws<InsufficientMemoryException>(() => CapabilityProbe.MovesPages(Short(0)));
        Assert.Throws<InsufficientMemoryException>(() => CapabilityProbe.MovesPages(Short(1)));
        Assert.Throws<InsufficientMemoryException>(() => CapabilityProbe.MovesSinglePages(Short(0)));
        Assert.Null(CostMeasurement.TryRun(Short(0)));
        Assert.Equal(MemoryCapabilities.MovesPages, CapabilityProbe.MovesPages(SystemKernel.Instance));

        DecoratedKernel Short(int call) => new(SystemKernel.Instance) { FailsAt = call, Kind = kind };
    }

    [Fact]
    public void A_kernel_without_the_move_copies()
    {
        var kernel = new PortableKernel();
        Assert.True(CapabilityProbe.Maps(kernel));
        Assert.False(CapabilityProbe.MovesPages(kernel));
        Assert.False(CapabilityProbe.MovesSinglePages(kernel));
    }
}
