namespace PageShift.Measurement.Workloads;

/// <summary>Addresses at random in 1 GiB, the same for both sides of a comparison, and made beforehand: nothing but a load from a stream stands beside the translation.</summary>
internal static class RandomAddresses
{
    /// <summary>How many there are: enough to touch nearly every cache line of the 262,144 entries.</summary>
    internal const int Count = 1 << 16;

    /// <summary>Distances in bytes from the start of the GiB.</summary>
    internal static uint[] Make()
    {
        var random = new Random(1);
        var offsets = new uint[Count];
        for (int i = 0; i < Count; i++)
            offsets[i] = (uint)random.Next(1 << 30);
        return offsets;
    }
}
