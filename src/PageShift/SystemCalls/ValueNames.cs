namespace PageShift.SystemCalls;

/// <summary>The names of one family of flags or values, in the order in which strace writes them. Immutable, thread-safe.</summary>
internal sealed class ValueNames
{
    /// <summary>Lists names.</summary>
    /// <param name="prefix">What they begin with.</param>
    /// <param name="names">Those that are written, in strace's order.</param>
    public ValueNames(string prefix, params (string Name, ulong Value)[] names)
    {
        Prefix = prefix;
        Names = names;
    }

    /// <summary>What the names begin with.</summary>
    public string Prefix { get; }

    /// <summary>The names that are written.</summary>
    public IReadOnlyList<(string Name, ulong Value)> Names { get; }

    /// <summary>Names that are only read.</summary>
    public IReadOnlyList<(string Name, ulong Value)> AlsoRead { get; init; } = [];

    /// <summary>Bits that hold one value, which is written first: mmap's type. 0 for none.</summary>
    public ulong TypeMask { get; init; }

    /// <summary>The names of that value.</summary>
    public IReadOnlyList<(string Name, ulong Value)> Types { get; init; } = [];

    /// <summary>Bits that are written as a number shifted by a name, last: mmap's size of large pages. 0 for none.</summary>
    public ulong ShiftedMask { get; init; }

    /// <summary>The name of that shift.</summary>
    public string ShiftName { get; init; } = "";

    /// <summary>Bits that are written as an octal number, last: permissions. 0 for none.</summary>
    public ulong OctalMask { get; init; }
}
