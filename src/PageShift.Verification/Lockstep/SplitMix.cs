namespace PageShift.Verification.Lockstep;

/// <summary>A small random generator whose sequence never changes, so that a seed means the same for ever.
/// Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</summary>
internal struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    internal ulong Next()
    {
        ulong mixed = _state += 0x9e37_79b9_7f4a_7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58_476d_1ce4_e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d0_49bb_1331_11eb;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from 0 to <paramref name="end"/> - 1.</summary>
    internal ulong Below(ulong end) => Math.BigMul(Next(), end, out _);

    /// <summary>True in <paramref name="percent"/> of 100 cases.</summary>
    internal bool Chance(int percent) => Below(100) < (ulong)percent;

    /// <summary>One of several.</summary>
    internal T Pick<T>(ReadOnlySpan<T> from) => from[(int)Below((ulong)from.Length)];
}
