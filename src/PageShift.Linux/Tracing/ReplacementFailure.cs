namespace PageShift.Linux.Tracing;

/// <summary>Why a call was not made with other arguments than its own.</summary>
internal enum ReplacementFailure
{
    /// <summary>The program has a seccomp filter of its own, which would see the other arguments, or the kernel does not tell whether it has one.</summary>
    OwnFilter,

    /// <summary>The kernel refused the call with them.</summary>
    Refused,
}
