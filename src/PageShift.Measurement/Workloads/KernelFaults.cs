using System.Diagnostics;
using PageShift.Linux.Timing;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>First writes to anonymous pages of this process, less the time that clearing the same pages takes.</summary>
public sealed class KernelFaults : Workload
{
    private readonly TouchableMemory _memory;

    private KernelFaults(TouchableMemory memory) => _memory = memory;

    /// <inheritdoc/>
    public override int Operations => Faults.Count;

    /// <summary>Maps the memory; null when that is not possible here.</summary>
    public static KernelFaults? TryStart(out string? reason)
    {
        TouchableMemory? memory = TouchableMemory.TryMap(new PageCount(Faults.Count), out reason);
        return memory is null ? null : new KernelFaults(memory);
    }

    /// <inheritdoc/>
    public override void Prepare() => _memory.Drop();

    /// <inheritdoc/>
    public override void Run() => _memory.Touch();

    /// <inheritdoc/>
    public override double Measure()
    {
        double withZeroing = base.Measure();
        long start = Stopwatch.GetTimestamp();
        _memory.Clear();
        return withZeroing - (Stopwatch.GetElapsedTime(start).TotalNanoseconds / Operations);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _memory.Dispose();
}
