namespace PageShift.Measurement.Workloads;

/// <summary>Addresses at random in 1 GiB, the same for both sides of a comparison, and cheap to make.</summary>
internal struct RandomAddresses(ulong start)
{
    private const int UnusedBits = 34; // of 64, so that 30 are left: 1 GiB

    private ulong _state = 1;

    /// <summary>The next address. Knuth's linear congruential generator (MMIX); its high bits are the good ones.</summary>
    internal ulong Next()
    {
        _state = unchecked((_state * 6364136223846793005) + 1442695040888963407);
        return start + (_state >> UnusedBits);
    }
}
