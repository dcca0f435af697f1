namespace PageShift.Memory.Interop;

/// <summary>The errors that the library tells apart, negated as the calls answer them.</summary>
internal static class KernelError
{
    /// <summary>EAGAIN.</summary>
    internal const long TryAgain = -11;

    /// <summary>ENOMEM.</summary>
    internal const long OutOfMemory = -12;

    /// <summary>EEXIST.</summary>
    internal const long Exists = -17;

    /// <summary>EINVAL.</summary>
    internal const long InvalidArgument = -22;

    /// <summary>ENOSYS.</summary>
    internal const long NotImplemented = -38;
}
