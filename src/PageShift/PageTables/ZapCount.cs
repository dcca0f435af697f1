namespace PageShift.PageTables;

/// <summary>What taking a range away did.</summary>
internal struct ZapCount
{
    /// <summary>Leaves and markers taken away.</summary>
    internal ulong Entries;

    /// <summary>Tables freed.</summary>
    internal ulong Tables;

    /// <summary>True when anything was there to take away.</summary>
    internal readonly bool DidWork => Entries != 0 || Tables != 0;
}
