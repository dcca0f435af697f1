namespace PageShift.Verification.Oracle;

/// <summary>What is mapped, as a plain list in order of address.</summary>
internal sealed class OracleRegions
{
    private readonly List<OracleRegion> _regions = [];

    /// <summary>Every region, lowest first, as long as possible.</summary>
    internal IReadOnlyList<OracleRegion> All => _regions;

    /// <summary>The region at <paramref name="address"/>, or null.</summary>
    internal OracleRegion? Find(ulong address)
    {
        foreach (OracleRegion region in _regions)
        {
            if (address >= region.Start && address < region.End)
                return region;
        }

        return null;
    }

    /// <summary>The parts of regions that lie in [start, end), lowest first.</summary>
    internal List<OracleRegion> In(ulong start, ulong end)
    {
        var parts = new List<OracleRegion>();
        foreach (OracleRegion region in _regions)
        {
            if (region.Start < end && region.End > start)
                parts.Add(region.Part(Math.Max(region.Start, start), Math.Min(region.End, end)));
        }

        return parts;
    }

    /// <summary>The lowest address of [start, end) where nothing is mapped; <paramref name="end"/> when all is.</summary>
    internal ulong FirstHole(ulong start, ulong end)
    {
        ulong at = start;
        foreach (OracleRegion part in In(start, end))
        {
            if (part.Start > at)
                return at;
            at = part.End;
        }

        return at;
    }

    internal bool IsFree(ulong start, ulong end) => In(start, end).Count == 0;

    /// <summary>True when [low, high) has a free range of <paramref name="length"/> bytes.</summary>
    internal bool HasGap(ulong low, ulong high, ulong length)
    {
        ulong at = low;
        foreach (OracleRegion part in In(low, high))
        {
            if (part.Start - at >= length)
                return true;
            at = part.End;
        }

        return high - at >= length;
    }

    /// <summary>Takes everything in [start, end) away.</summary>
    internal void Remove(ulong start, ulong end)
    {
        var kept = new List<OracleRegion>();
        foreach (OracleRegion region in _regions)
        {
            if (region.Start < start)
                kept.Add(region.Part(region.Start, Math.Min(region.End, start)));
            if (region.End > end)
                kept.Add(region.Part(Math.Max(region.Start, end), region.End));
        }

        Replace(kept);
    }

    /// <summary>Adds a region where nothing is.</summary>
    internal void Add(in OracleRegion added)
    {
        if (!IsFree(added.Start, added.End))
            throw new InvalidOperationException($"The oracle has something at {added} already.");
        Replace([.. _regions, added]);
    }

    /// <summary>Gives everything in [start, end) other attributes.</summary>
    internal void Change(ulong start, ulong end, Func<OracleRegion, OracleRegion> change)
    {
        List<OracleRegion> parts = In(start, end);
        Remove(start, end);
        Replace([.. _regions, .. parts.Select(change)]);
    }

    private void Replace(List<OracleRegion> regions)
    {
        regions.Sort((one, other) => one.Start.CompareTo(other.Start));
        _regions.Clear();
        foreach (OracleRegion region in regions)
        {
            if (_regions.Count != 0 && _regions[^1].ContinuesIn(region))
                _regions[^1] = _regions[^1] with { End = region.End };
            else
                _regions.Add(region);
        }
    }
}
