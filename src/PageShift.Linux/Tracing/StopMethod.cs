namespace PageShift.Linux.Tracing;

/// <summary>How the traced threads are made to stop at memory calls.</summary>
internal enum StopMethod
{
    /// <summary>A filter in the kernel lets all other calls pass at full speed.</summary>
    Filter,

    /// <summary>Every system call stops twice; the tracer sorts out those of interest.</summary>
    EverySystemCall,
}
