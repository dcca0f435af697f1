using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>What <see cref="MapAndUnmap"/> does, on the running kernel; timed as <see cref="KernelRemap"/> is.</summary>
public sealed class KernelMapAndUnmap : Workload
{
    private const int Count = 100;
    private const ulong ReadWrite = (ulong)(Protection.Read | Protection.Write);
    private const ulong Anonymous = (ulong)(MapFlags.Private | MapFlags.Anonymous);

    private readonly KernelCalls _kernel;
    private long _nanoseconds;

    private KernelMapAndUnmap(KernelCalls kernel) => _kernel = kernel;

    /// <inheritdoc/>
    public override int Operations => Count;

    /// <summary>Starts the process and makes <paramref name="mappings"/> mappings; null when that is not possible here.</summary>
    public static KernelMapAndUnmap? TryStart(int mappings, out string? reason)
    {
        KernelCalls? kernel = KernelCalls.TryStart(PageSize.Length, out reason);
        if (kernel is null)
            return null;
        for (int i = 0; i < mappings; i++)
            kernel.Time(SystemCallNumber.Map, MapAndUnmap.FirstAddress + ((ulong)i * 2 * PageSize.Bytes), PageSize.Bytes, ReadWrite, Anonymous | (ulong)MapFlags.Fixed, ulong.MaxValue);
        return new KernelMapAndUnmap(kernel);
    }

    /// <inheritdoc/>
    public override void Run()
    {
        _nanoseconds = 0;
        for (int i = 0; i < Count; i++)
        {
            _nanoseconds += _kernel.Call(SystemCallNumber.Map, out CallResult mapped, 0, PageSize.Bytes, ReadWrite, Anonymous, ulong.MaxValue);
            _nanoseconds += _kernel.Time(SystemCallNumber.Unmap, mapped.Address.Value, PageSize.Bytes);
        }
    }

    /// <inheritdoc/>
    public override double Measure()
    {
        Run();
        return (double)_nanoseconds / Operations;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _kernel.Dispose();
}
