using PageShift.Linux.Execution;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>The running kernel as one of the two sides.</summary>
internal sealed class KernelSide : CallSide<KernelTarget>
{
    private KernelSide(KernelExecutor executor, int firstProcess)
        : base(new KernelTarget(executor), firstProcess)
    {
    }

    /// <summary>Begins with one process, forked from one that has made no call yet.</summary>
    /// <param name="pristine">The process to copy.</param>
    /// <param name="firstProcess">What logs call the copy.</param>
    /// <returns>The side, or null when the kernel could not fork.</returns>
    internal static KernelSide? TryBegin(KernelExecutor pristine, int firstProcess) =>
        pristine.TryFork(out KernelExecutor? executor).IsError || executor is null ? null : new KernelSide(executor, firstProcess);

    /// <summary>True when a process was killed, or never was.</summary>
    internal bool HasEnded(int process) => Find(process) is not { Executor.IsAlive: true };

    /// <summary>What makes the calls of a process that has not ended.</summary>
    internal KernelExecutor ExecutorOf(int process) => Find(process)!.Executor;

    /// <inheritdoc/>
    internal override bool Observe(int process, SpaceSnapshot into, bool withFlags) =>
        Find(process)!.TryShowMappings(into.Mappings, withFlags) && Find(process)!.TryShowPages(into.Pages);

    /// <inheritdoc/>
    internal override bool TryReadPresentBytes(int process, VirtualAddress start, Span<byte> bytes) =>
        Find(process)!.Executor.ReadPresentBytes(start, bytes) == bytes.Length;
}
