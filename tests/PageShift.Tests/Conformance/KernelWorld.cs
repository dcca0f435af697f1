using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Tests.Linux;
using PageShift.Units;
using PageShift.Verification.Conformance;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>The running kernel.</summary>
internal sealed class KernelWorld : ConformanceWorld
{
    private readonly KernelExecutor _pristine;
    private readonly KernelSide _kernel;
    private readonly KernelProbe? _probe;
    private MeasuredCost? _cost;

    private KernelWorld(KernelExecutor pristine, int firstProcess, bool counts)
    {
        _pristine = pristine;
        _kernel = KernelSide.TryBegin(pristine, firstProcess) ?? throw new InvalidOperationException("The kernel could not fork the executor.");
        if (counts)
            _probe = KernelProbe.TryAttach(_kernel.ExecutorOf(firstProcess), out _);
    }

    internal bool KeepsSharedApart => _pristine.KeepsSharedApart;

    internal override CallData Data => _kernel.Data;

    /// <summary>Begins; skips the test where the kernel is not one that the cases were proved on.</summary>
    /// <param name="firstProcess">What the case calls its first process.</param>
    /// <param name="counts">Whether what moves cost is counted; then only the first process makes them.</param>
    internal static KernelWorld OrSkip(int firstProcess, bool counts = false)
    {
        KernelExecutor executor = StartedExecutor.OrSkip();
        string? reason = LockstepSurroundings.ReasonAgainstCases();
        if (reason is not null || LockstepSurroundings.TryRead(executor, out reason) is null)
        {
            executor.Dispose();
            Assert.Skip(reason ?? "no reason was given");
        }

        return new KernelWorld(executor, firstProcess, counts);
    }

    /// <summary>Null also where the tests may not count.</summary>
    internal override (long Flushes, long Tables)? LastCost => _cost is { } cost ? (cost.TlbFlushes, cost.ZeroedAllocations) : null;

    internal override CallAnswer Execute(in CallRecord record)
    {
        if (_probe is null || record.Call.Number != SystemCallNumber.Remap)
            return _kernel.Execute(record);
        _cost = _probe.Measure(out KernelOutcome outcome, record.Call.Number, record.Call.Arguments);
        return KernelTarget.AnswerTo(outcome);
    }

    internal override void Observe(int process, SpaceSnapshot into) => Assert.True(_kernel.Observe(process, into, withFlags: true));

    internal override string? PlaceVdso(int process, VirtualAddress address) => _kernel.ExecutorOf(process).PlaceVdso(address, ConformanceCase.VdsoLength);

    internal override string? WatchMissing(int process, AddressRange range) =>
        _kernel.ExecutorOf(process).WatchMissing(range) is { IsError: true } refused ? $"the range can't be registered: {refused.Error}" : null;

    public override void Dispose()
    {
        _probe?.Dispose();
        _kernel.Dispose();
        _pristine.Dispose();
    }
}
