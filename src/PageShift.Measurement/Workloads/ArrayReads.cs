namespace PageShift.Measurement.Workloads;

/// <summary>What <see cref="TlbHits"/> reads, read from an array of the same footprint.</summary>
public sealed class ArrayReads : Workload
{
    private readonly long[] _values = new long[TlbHits.Values];

    /// <summary>Fills the array.</summary>
    public ArrayReads()
    {
        for (int i = 0; i < _values.Length; i++)
            _values[i] = i;
    }

    /// <inheritdoc/>
    public override int Operations => TlbHits.Count;

    /// <summary>The sum of what was read, so that no read can be left out.</summary>
    public long Sum { get; private set; }

    /// <inheritdoc/>
    public override void Run()
    {
        long sum = 0;
        long[] values = _values;
        for (int i = 0; i < TlbHits.Count; i++)
            sum += values[(i * TlbHits.Stride) & (TlbHits.Values - 1)];
        Sum += sum;
    }
}
