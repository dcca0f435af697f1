namespace PageShift.Abi;

/// <summary>The six argument registers of a system call on x86-64, in order. Given to a call, what it does not use is 0, and a signed
/// argument (a file descriptor, a protection key) is sign-extended to 64 bits. Read from a program, the registers beyond the
/// call's own arguments hold whatever the program left there.</summary>
/// <param name="First">The register rdi.</param>
/// <param name="Second">The register rsi.</param>
/// <param name="Third">The register rdx.</param>
/// <param name="Fourth">The register r10.</param>
/// <param name="Fifth">The register r8.</param>
/// <param name="Sixth">The register r9.</param>
public readonly record struct CallArguments(
    ulong First = 0, ulong Second = 0, ulong Third = 0, ulong Fourth = 0, ulong Fifth = 0, ulong Sixth = 0)
{
    /// <summary>The number of registers.</summary>
    public const int Count = 6;

    /// <summary>The register at <paramref name="index"/>, from 0 to 5.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is outside 0 to 5.</exception>
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

    /// <summary>The same registers with another <paramref name="value"/> at <paramref name="index"/>, from 0 to 5.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is outside 0 to 5.</exception>
    public CallArguments With(int index, ulong value) => index switch
    {
        0 => this with { First = value },
        1 => this with { Second = value },
        2 => this with { Third = value },
        3 => this with { Fourth = value },
        4 => this with { Fifth = value },
        5 => this with { Sixth = value },
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };
}
