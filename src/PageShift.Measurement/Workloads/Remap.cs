using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;

namespace PageShift.Measurement.Workloads;

/// <summary>A whole call of <see cref="AddressSpace.Remap"/> that moves a populated mapping: there, and back again.</summary>
public sealed class Remap : Workload
{
    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly AddressSpace _space;
    private readonly MoveCase _move;
    private readonly int _pairs;

    /// <summary>Maps and populates the source.</summary>
    /// <param name="move">What moves where.</param>
    /// <param name="pairs">How often one run moves there and back.</param>
    public Remap(MoveCase move, int pairs)
    {
        ArgumentNullException.ThrowIfNull(move);
        _move = move;
        _pairs = pairs;
        _space = new AddressSpace(_memory);
        Require(_space.Map(move.Old, move.Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate));
    }

    /// <inheritdoc/>
    public override int Operations => 2 * _pairs;

    /// <inheritdoc/>
    public override void Run()
    {
        for (int i = 0; i < _pairs; i++)
        {
            Require(_space.Remap(_move.Old, _move.Length, _move.Length, RemapFlags.MayMove | RemapFlags.Fixed, _move.New));
            Require(_space.Remap(_move.New, _move.Length, _move.Length, RemapFlags.MayMove | RemapFlags.Fixed, _move.Old));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _space.Dispose();
        _memory.Dispose();
    }

    private static void Require(CallResult result)
    {
        if (result.IsError)
            throw new InvalidOperationException($"A call of the workload failed: {result}.");
    }
}
