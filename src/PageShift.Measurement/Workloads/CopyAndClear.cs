namespace PageShift.Measurement.Workloads;

/// <summary>What moving entries can't do without: copying their bytes, and clearing where they were. There, and back again.</summary>
public sealed class CopyAndClear : Workload
{
    private readonly ulong[] _one;
    private readonly ulong[] _other;
    private readonly int _pairs;

    /// <summary>Prepares <paramref name="entries"/> entries of 8 bytes, which one run takes there and back <paramref name="pairs"/> times.</summary>
    public CopyAndClear(int entries, int pairs)
    {
        _pairs = pairs;
        _one = GC.AllocateArray<ulong>(entries, pinned: true);
        _other = GC.AllocateArray<ulong>(entries, pinned: true);
        for (int i = 0; i < entries; i++)
            _one[i] = (ulong)i + 1;
    }

    /// <inheritdoc/>
    public override int Operations => 2 * _pairs;

    /// <inheritdoc/>
    public override void Run()
    {
        for (int i = 0; i < _pairs; i++)
        {
            Move(_one, _other);
            Move(_other, _one);
        }
    }

    private static void Move(ulong[] from, ulong[] to)
    {
        from.CopyTo(to, 0);
        Array.Clear(from);
    }
}
