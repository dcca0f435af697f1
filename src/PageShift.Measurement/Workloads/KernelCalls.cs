using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>Calls of the running kernel that must succeed, and their times.</summary>
internal sealed class KernelCalls : IDisposable
{
    private const int CalibrationCalls = 256;

    private readonly KernelExecutor _executor;
    private readonly long _overhead;

    private KernelCalls(KernelExecutor executor)
    {
        _executor = executor;
        _overhead = long.MaxValue;
        for (int i = 0; i < CalibrationCalls; i++)
            _overhead = Math.Min(_overhead, _executor.Invoke(SystemCallNumber.Unmap, new(0, 0)).Nanoseconds); // refused for its length
    }

    public void Dispose() => _executor.Dispose();

    /// <summary>Starts a process that may populate <paramref name="most"/> bytes.</summary>
    internal static KernelCalls? TryStart(ByteLength most, out string? reason)
    {
        KernelExecutor? executor = KernelExecutor.TryStart(new KernelExecutorOptions { MostPopulatedBytes = most }, out reason);
        return executor is null ? null : new KernelCalls(executor);
    }

    /// <summary>Makes a call, and gives its time less that of a call that does nothing.</summary>
    internal long Time(SystemCallNumber number, ulong first, ulong second, ulong third = 0, ulong fourth = 0, ulong fifth = 0, ulong sixth = 0) =>
        Call(number, out _, first, second, third, fourth, fifth, sixth);

    /// <summary>The same, for the result.</summary>
    internal long Call(SystemCallNumber number, out CallResult result, ulong first, ulong second, ulong third = 0, ulong fourth = 0, ulong fifth = 0, ulong sixth = 0)
    {
        KernelOutcome outcome = _executor.Invoke(number, new(first, second, third, fourth, fifth, sixth));
        result = outcome.Result;
        if (!outcome.Ran || result.IsError)
            throw new InvalidOperationException($"The kernel did not run a call of the workload: {outcome.Refusal}, {outcome.Result}.");
        return outcome.Nanoseconds - _overhead;
    }

    /// <summary>Maps private anonymous memory, and writes to each of its pages.</summary>
    internal void MapPopulated(VirtualAddress start, ByteLength length)
    {
        const ulong ReadWrite = (ulong)(Protection.Read | Protection.Write);
        Time(SystemCallNumber.Map, start.Value, length.Value, ReadWrite, (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed), ulong.MaxValue);
        Time(SystemCallNumber.Advise, start.Value, length.Value, (ulong)Advice.NoHugePage);
        if (!_executor.Fill(start, 1, length).IsComplete)
            throw new InvalidOperationException("The kernel's memory could not be written.");
    }
}
