using PageShift.Abi;
using PageShift.Calls;
using PageShift.Mappings;

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

    /// <summary>What MADV_PAGEOUT reclaims.</summary>
    public static KnownDifference PagesReclaimedOnRequest { get; } = new(
        "pages that MADV_PAGEOUT reclaims",
        "the kernel reclaims a page only if it finds it on one of its lists, and pages wait in batches of each processor before they get there; so the call is left out on ranges that show an object, and of anonymous memory the engine drops what the kernel dropped");

    /// <summary>Where large pages are.</summary>
    public static KnownDifference LargePagesWhereAskedFor { get; } = new(
        "large pages where MADV_HUGEPAGE asked for them",
        "whether such memory gets its large page depends on whether an empty page table is left in its place, on 2 MiB of memory being free in one piece, and on khugepaged; where in an aligned block of such memory one side has all pages and the other has not, the sequence ends there");

    /// <summary>What a shortage of memory does.</summary>
    public static KnownDifference MemoryShortage { get; } = new(
        "memory shortage",
        "when memory is short the kernel takes lazily freed pages and ends processes, at a time of its own; a difference counts only if it comes again");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KnownDifference> All { get; } = [RandomPlacementBelow2GiB, PagesReclaimedOnRequest, LargePagesWhereAskedFor, MemoryShortage];

    /// <summary>True when the kernel may have dropped pages of the call's range that the engine keeps.</summary>
    internal static bool MayReclaim(in CallRecord record) => record.Call.Kind == CallKind.Advise && (Advice)record.Call.Arguments.Third == Advice.PageOut;

    /// <summary>True when the call's effect can't be known, also not afterwards.</summary>
    internal static bool IsLeftOut(in CallRecord record, AddressSpace space)
    {
        CallArguments a = record.Call.Arguments;
        ulong end = unchecked(a.First + a.Second);
        if (!MayReclaim(record) || end <= a.First)
            return false;
        foreach (Mapping mapping in space.GetMappings(new AddressRange(new VirtualAddress(a.First), new VirtualAddress(end))))
        {
            if (mapping.File is not null)
                return true;
        }

        return false;
    }

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
