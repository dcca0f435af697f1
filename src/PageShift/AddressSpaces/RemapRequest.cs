using PageShift.Abi;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>The arguments of a remap of one mapping, lengths rounded up.</summary>
internal record struct RemapRequest
{
    internal ulong Old;
    internal ulong OldLength;
    internal ulong NewLength;
    internal ulong New;
    internal RemapFlags Flags;

    /// <summary>By how much the old length has been cut to the new one already.</summary>
    internal ulong ShrunkBy;

    internal readonly bool NamesDestination => (Flags & (RemapFlags.Fixed | RemapFlags.DontUnmap)) != 0;

    internal readonly AddressRange RangeFrom(ulong start, ulong end) =>
        new(new VirtualAddress(Old + start), new VirtualAddress(Old + end));
}
