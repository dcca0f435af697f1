namespace PageShift.Mappings;

/// <summary>Hands out fresh <see cref="AnonIdentity"/> numbers to a family of address spaces: one and its descendants by fork. Thread-safe.</summary>
internal sealed class AnonIdentitySource
{
    private uint _last;

    /// <summary>A number not handed out before.</summary>
    internal uint Next() => Interlocked.Increment(ref _last);
}
