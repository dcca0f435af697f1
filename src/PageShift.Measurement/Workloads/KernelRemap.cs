using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>The running kernel's mremap of a populated mapping, in a process that has nothing else: there, and back again. The time is taken in that process, less that
/// of a call that does nothing, so that neither the clock nor the way into the kernel counts.</summary>
public sealed class KernelRemap : Workload
{
    private readonly KernelCalls _kernel;
    private readonly MoveCase _move;
    private readonly int _pairs;
    private long _nanoseconds;

    private KernelRemap(KernelCalls kernel, MoveCase move, int pairs)
    {
        _kernel = kernel;
        _move = move;
        _pairs = pairs;
    }

    /// <inheritdoc/>
    public override int Operations => 2 * _pairs;

    /// <summary>Starts the process, maps the source and writes to each of its pages; null when that is not possible here.</summary>
    public static KernelRemap? TryStart(MoveCase move, int pairs, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(move);
        KernelCalls? kernel = KernelCalls.TryStart(move.Length, out reason);
        if (kernel is null)
            return null;
        kernel.MapPopulated(move.Old, move.Length);
        return new KernelRemap(kernel, move, pairs);
    }

    /// <inheritdoc/>
    public override void Run()
    {
        _nanoseconds = 0;
        for (int i = 0; i < _pairs; i++)
        {
            _nanoseconds += Move(_move.Old, _move.New);
            _nanoseconds += Move(_move.New, _move.Old);
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

    private long Move(VirtualAddress from, VirtualAddress to) => _kernel.Time(
        SystemCallNumber.Remap, from.Value, _move.Length.Value, _move.Length.Value, (ulong)(RemapFlags.MayMove | RemapFlags.Fixed), to.Value);
}
