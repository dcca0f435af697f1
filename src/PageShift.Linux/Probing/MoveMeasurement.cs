namespace PageShift.Linux.Probing;

/// <summary>How sure a measurement makes a prediction.</summary>
internal enum MeasurementVerdict
{
    /// <summary>Both counts are those predicted.</summary>
    Agreement,

    /// <summary>A count differs from the prediction.</summary>
    Disagreement,

    /// <summary>Nothing could be counted here.</summary>
    NotObservable,
}

/// <summary>What a policy says that the kernel's counters will show for one move.</summary>
/// <param name="TlbFlushes">Flushes of the translation cache, by the formula of <c>docs/linux-rules.md</c> section 7.</param>
/// <param name="TablesAllocated">Page tables that the destination needs.</param>
/// <param name="FlushesBesideExtents">How many of <paramref name="TlbFlushes"/> do not stand for an extent: one when removing the
/// source frees a table, one when the destination has to be emptied first, one for each large page that is split.</param>
internal readonly record struct MovePrediction(long TlbFlushes, long TablesAllocated, long FlushesBesideExtents = 0)
{
    /// <summary>False where tables without a page were not seen: those of the destination need not be allocated, and fewer are no contradiction.</summary>
    public bool KnowsEmptyTables { get; init; } = true;
}

/// <summary>The counters' reading turned back into what the kernel moved.
/// The counters see flushes and zeroed pages; an extent, which is one entry moved above the PTE level or one run of PTEs with a
/// present page, is one flush. Flushes with another cause are known only from the prediction, so that the extents are
/// exact when the verdict is <see cref="MeasurementVerdict.Agreement"/> and otherwise the reading under the prediction's assumption.</summary>
/// <param name="Verdict">What the reading says about the prediction.</param>
/// <param name="Extents">The extents that the kernel moved; null when not observable.</param>
/// <param name="TablesAllocated">The page tables that it allocated; null when not observable.</param>
internal readonly record struct MoveMeasurement(MeasurementVerdict Verdict, long? Extents, long? TablesAllocated)
{
    /// <summary>Judges a prediction.</summary>
    /// <param name="cost">The reading, or null where nothing can be counted.</param>
    /// <param name="prediction">What was expected.</param>
    public static MoveMeasurement Of(MeasuredCost? cost, MovePrediction prediction)
    {
        if (cost is not MeasuredCost reading) return new MoveMeasurement(MeasurementVerdict.NotObservable, null, null);
        bool agrees = reading.TlbFlushes == prediction.TlbFlushes && (reading.ZeroedAllocations == prediction.TablesAllocated || (!prediction.KnowsEmptyTables && reading.ZeroedAllocations < prediction.TablesAllocated));
        return new MoveMeasurement(
            agrees ? MeasurementVerdict.Agreement : MeasurementVerdict.Disagreement,
            Math.Max(0, reading.TlbFlushes - prediction.FlushesBesideExtents),
            reading.ZeroedAllocations);
    }
}
