namespace PageShift.Linux.Tracing;

/// <summary>The six argument registers of a system call on x86-64: rdi, rsi, rdx, r10, r8, r9. Those beyond the call's own
/// arguments hold whatever the program left in them.</summary>
/// <param name="First">rdi.</param>
/// <param name="Second">rsi.</param>
/// <param name="Third">rdx.</param>
/// <param name="Fourth">r10.</param>
/// <param name="Fifth">r8.</param>
/// <param name="Sixth">r9.</param>
public readonly record struct CallArguments(ulong First, ulong Second, ulong Third, ulong Fourth, ulong Fifth, ulong Sixth)
{
    /// <summary>The number of argument registers.</summary>
    public const int Count = 6;

    /// <summary>The argument at <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in [0, 6).</exception>
    public ulong this[int index] => index switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        3 => Fourth,
        4 => Fifth,
        5 => Sixth,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };
}
