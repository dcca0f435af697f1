using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Linux;

/// <summary>Starts executors for tests; where that is not possible the test is skipped with the reason.</summary>
internal static class StartedExecutor
{
    internal const ulong NoDescriptor = ulong.MaxValue;
    internal const ulong ReadWrite = (ulong)(Protection.Read | Protection.Write);
    internal const ulong PrivateAnonymous = (ulong)(MapFlags.Private | MapFlags.Anonymous);
    internal const ulong PrivateFixed = PrivateAnonymous | (ulong)MapFlags.Fixed;

    internal static readonly AddressRange Everything = new(VirtualAddress.Zero, new VirtualAddress(0x7fff_ffff_f000));

    internal static KernelExecutor OrSkip(KernelExecutorOptions? options = null)
    {
        KernelExecutor? executor = KernelExecutor.TryStart(options, out string? reason);
        if (executor is null) Assert.Skip(reason ?? "no reason was given");
        return executor;
    }

    internal static ulong Map(this KernelExecutor executor, ulong address, ulong length)
    {
        KernelOutcome outcome = executor.Invoke(SystemCallNumber.Map, new(address, length, ReadWrite, PrivateFixed, NoDescriptor));
        Assert.True(outcome.Ran);
        Assert.Equal((long)address, outcome.Result.Raw);
        return address;
    }
}
