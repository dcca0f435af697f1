namespace PageShift.Abi;

/// <summary>The six argument registers of a system call on x86-64, in order. Given to a call, what it does not use is 0, and a signed
/// argument (a file descriptor, a protection key) is sign-extended to 64 bits. Read from a program, the registers beyond the
/// call's own arguments hold whatever the program left there.</summary>
public readonly record struct CallArguments
{
    /// <summary>The registers rdi, rsi, rdx, r10, r8 and r9.</summary>
    public CallArguments(ulong first = 0, ulong second = 0, ulong third = 0, ulong fourth = 0, ulong fifth = 0, ulong sixth = 0)
    {
        First = first;
        Second = second;
        Third = third;
        Fourth = fourth;
        Fifth = fifth;
        Sixth = sixth;
    }

    /// <summary>The register rdi.</summary>
    public ulong First { get; internal init; }

    /// <summary>The register rsi.</summary>
    public ulong Second { get; internal init; }

    /// <summary>The register rdx.</summary>
    public ulong Third { get; internal init; }

    /// <summary>The register r10.</summary>
    public ulong Fourth { get; internal init; }

    /// <summary>The register r8.</summary>
    public ulong Fifth { get; internal init; }

    /// <summary>The register r9.</summary>
    public ulong Sixth { get; internal init; }

    /// <summary>The number of registers.</summary>
    internal const int Count = 6;

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
    internal CallArguments With(int index, ulong value) => index switch
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
