namespace PageShift.Translation;

/// <summary>A virtual processor: a software TLB through which memory is accessed.</summary>
public sealed class VirtualProcessor
{
    /// <summary>Forgets the translations of <paramref name="range"/>. The mapping lock is held exclusively.</summary>
    internal void Invalidate(AddressRange range) => _ = range;
}
