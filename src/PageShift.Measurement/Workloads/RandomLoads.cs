using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>Loads at random from as many bytes as the entries of 1 GiB take: what no walk of that GiB can do without.</summary>
public sealed class RandomLoads : Workload
{
    private readonly ulong[] _entries = GC.AllocateArray<ulong>((int)RandomTranslation.Pages, pinned: true);
    private readonly uint[] _offsets = RandomAddresses.Make();

    /// <summary>Fills the entries.</summary>
    public RandomLoads()
    {
        for (int i = 0; i < _entries.Length; i++)
            _entries[i] = (ulong)i;
    }

    /// <inheritdoc/>
    public override int Operations => RandomAddresses.Count;

    /// <summary>The sum of what was found, so that no load can be left out.</summary>
    public ulong Sum { get; private set; }

    /// <inheritdoc/>
    public override void Run()
    {
        ulong sum = 0;
        foreach (uint offset in _offsets)
            sum += _entries[offset >> PageSize.Shift];
        Sum += sum;
    }
}
