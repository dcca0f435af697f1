using System.Globalization;
using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Verification.Oracle;

/// <summary>Addresses with the same attributes. Where one mapping ends and the next begins inside of it is not the oracle's affair.</summary>
internal readonly record struct OracleRegion
{
    /// <summary>The flags that the oracle keeps account of.</summary>
    internal const VmFlags KnownFlags =
        VmFlags.AccessMask | VmFlags.Shared | VmFlags.Locked | VmFlags.HugePage | VmFlags.DontCopy | VmFlags.WipeOnFork;

    /// <summary>The first address.</summary>
    internal required ulong Start { get; init; }

    /// <summary>The first address after it.</summary>
    internal required ulong End { get; init; }

    /// <summary>The flags, of <see cref="KnownFlags"/>.</summary>
    internal required VmFlags Flags { get; init; }

    /// <summary>The object that it shows, or null for private memory without one.</summary>
    internal OracleObject? Object { get; init; }

    /// <summary>The object's page at <see cref="Start"/>; 0 without an object.</summary>
    internal ulong ObjectPage { get; init; }

    internal bool IsShared => Flags.HasFlag(VmFlags.Shared);

    internal bool IsLocked => Flags.HasFlag(VmFlags.Locked);

    /// <summary>Private memory without an object.</summary>
    internal bool IsAnonymous => Object is null;

    /// <summary>The object's page that <paramref name="address"/> shows.</summary>
    internal ulong ObjectPageAt(ulong address) => Object is null ? 0 : ObjectPage + ((address - Start) >> PageSize.Shift);

    /// <summary>The part from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal OracleRegion Part(ulong start, ulong end) => this with { Start = start, End = end, ObjectPage = ObjectPageAt(start) };

    /// <summary>The same memory at another place.</summary>
    internal OracleRegion At(ulong start, ulong end) => this with { Start = start, End = end };

    /// <summary>True when <paramref name="next"/> begins where this ends and continues it.</summary>
    internal bool ContinuesIn(in OracleRegion next) =>
        End == next.Start && Flags == next.Flags && ReferenceEquals(Object, next.Object) && ObjectPageAt(End) == next.ObjectPage;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Start:x}-{End:x} {Flags} {(Object is null ? "anonymous" : $"page {ObjectPage} of {Object.Pages}")}");
}
