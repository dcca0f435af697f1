using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>Translations at random over 1 GiB in a <see cref="JaggedPageTable"/>.</summary>
public sealed class JaggedTranslation : Workload
{
    private readonly JaggedPageTable _table = new();
    private readonly uint[] _offsets = RandomAddresses.Make();

    /// <summary>Maps the GiB.</summary>
    public JaggedTranslation()
    {
        for (ulong page = 0; page < RandomTranslation.Pages; page++)
            _table.Map(RandomTranslation.Start + (page << PageSize.Shift), page + 1);
    }

    /// <inheritdoc/>
    public override int Operations => RandomAddresses.Count;

    /// <summary>The sum of what was found, so that no translation can be left out.</summary>
    public ulong Sum { get; private set; }

    /// <inheritdoc/>
    public override void Run()
    {
        ulong sum = 0;
        foreach (uint offset in _offsets)
        {
            if (!_table.TryTranslate(RandomTranslation.Start + offset, out ulong physical))
                throw new InvalidOperationException("A page of the workload is not mapped.");
            sum += physical;
        }

        Sum += sum;
    }
}
