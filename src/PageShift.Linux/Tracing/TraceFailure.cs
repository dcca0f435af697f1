namespace PageShift.Linux.Tracing;

/// <summary>Why a command could not be traced.</summary>
internal enum TraceFailure
{
    /// <summary>It could.</summary>
    None,

    /// <summary>There is no such program.</summary>
    NotFound,

    /// <summary>The program exists and this user may not execute it.</summary>
    NotExecutable,

    /// <summary>The file is not a program that this kernel can run, or its interpreter is missing.</summary>
    BadFormat,

    /// <summary>The system does not allow this process to trace: a container's or a security module's rule.</summary>
    NotPermitted,

    /// <summary>Tracing needs Linux on x86-64, version 5.3 or later.</summary>
    UnsupportedSystem,

    /// <summary>The program could not be started for another reason, which the error number tells.</summary>
    StartFailed,
}
