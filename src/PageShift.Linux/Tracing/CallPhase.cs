namespace PageShift.Linux.Tracing;

/// <summary>Where a traced thread stands with respect to the calls that the tracer follows.</summary>
internal enum CallPhase
{
    /// <summary>In none of them.</summary>
    None,

    /// <summary>Stopped at the entry of one until another call on its address space has returned.</summary>
    Waiting,

    /// <summary>In one.</summary>
    Active,
}
