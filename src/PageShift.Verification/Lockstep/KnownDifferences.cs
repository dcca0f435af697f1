using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Verification;

/// <summary>Something in which the engine can't follow the kernel, because it depends on a state inside the kernel that user space can't see.</summary>
/// <param name="Name">What it is called in reports.</param>
/// <param name="Reason">The hidden state that decides it.</param>
public sealed record KnownDifference(string Name, string Reason);

/// <summary>All known differences between engine and kernel, each with its reason. What is not here is a divergence.</summary>
public static class KnownDifferences
{
    private const ulong LowestBelow2GiB = 0x4000_0000;
    private const ulong EndBelow2GiB = 0x8000_0000;

    /// <summary>The placement of MAP_32BIT.</summary>
    public static KnownDifference RandomPlacementBelow2GiB { get; } = new(
        "placement of MAP_32BIT",
        "the kernel draws the start of the search anew for every call from its random generator; the engine is told the address, and the comparison goes on from there");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KnownDifference> All { get; } = [RandomPlacementBelow2GiB];

    /// <summary>The call as the engine is to be given it, after the kernel has answered: the same, or with what only the kernel can know.</summary>
    internal static CallRecord Told(in CallRecord record, in CallAnswer kernel)
    {
        CallArguments a = record.Call.Arguments;
        bool isDrawn = record.Call.Kind == CallKind.Map
            && (a.Fourth & (ulong)(MapFlags.Below2GiB | MapFlags.Fixed | MapFlags.FixedNoReplace)) == (ulong)MapFlags.Below2GiB
            && !kernel.Result.IsError
            && (ulong)kernel.Result.Raw is >= LowestBelow2GiB and < EndBelow2GiB;
        return isDrawn
            ? record with { Call = record.Call with { Arguments = a with { First = (ulong)kernel.Result.Raw } } }
            : record;
    }
}
