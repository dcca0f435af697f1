using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Tests.Linux;
using PageShift.Verification.Conformance;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>The running kernel.</summary>
internal sealed class KernelWorld : ConformanceWorld
{
    private readonly KernelExecutor _pristine;
    private readonly KernelSide _kernel;

    private KernelWorld(KernelExecutor pristine, int firstProcess)
    {
        _pristine = pristine;
        _kernel = KernelSide.TryBegin(pristine, firstProcess) ?? throw new InvalidOperationException("The kernel could not fork the executor.");
    }

    internal bool KeepsSharedApart => _pristine.KeepsSharedApart;

    internal override CallData Data => _kernel.Data;

    /// <summary>Begins; skips the test where the kernel is not one that the cases were proved on.</summary>
    internal static KernelWorld OrSkip(int firstProcess)
    {
        KernelExecutor executor = StartedExecutor.OrSkip();
        if (LockstepSurroundings.TryRead(executor, out string? reason) is null)
        {
            executor.Dispose();
            Assert.Skip(reason ?? "no reason was given");
        }

        return new KernelWorld(executor, firstProcess);
    }

    internal override CallAnswer Execute(in CallRecord record) => _kernel.Execute(record);

    internal override void Observe(int process, SpaceSnapshot into) => Assert.True(_kernel.Observe(process, into, withFlags: true));

    public override void Dispose()
    {
        _kernel.Dispose();
        _pristine.Dispose();
    }
}
