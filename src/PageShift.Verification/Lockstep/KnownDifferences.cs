using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;

namespace PageShift.Verification.Lockstep;

// Two kinds:
//
//   followed             the kernel is asked first, and the engine is told what only the kernel can know; the comparison goes on
//   explained            not from the calls but from elsewhere in the kernel, at a time of its own. A difference is taken for one of these only if the kernel's counters moved
//                        while the sequence ran (KernelActivity), and if it does not come again without that: see Fuzzer
/// <summary>All known differences between engine and kernel, each with its reason. What is not here is a divergence.</summary>
public static class KnownDifferences
{
    private const ulong LowestBelow2GiB = 0x4000_0000;
    private const ulong EndBelow2GiB = 0x8000_0000;

    /// <summary>Followed: the placement of MAP_32BIT.</summary>
    public static KnownDifference RandomPlacementBelow2GiB { get; } = new(
        "address of MAP_32BIT taken from the kernel, which draws it at random",
        "the kernel draws the start of the search anew for every call from its random generator");

    /// <summary>Followed, or left out where the range shows an object: what MADV_PAGEOUT reclaims.</summary>
    public static KnownDifference PagesReclaimedOnRequest { get; } = new(
        "pages given up as the kernel does for MADV_PAGEOUT, or that call left out",
        "the kernel reclaims a page only if it finds it on one of its lists, and pages wait in batches of each processor before they get there; of private memory the engine drops what the kernel has dropped and what can go without swap; for pages of an object, which every mapping and the object itself may lose, and if there is swap, the call is left out");

    /// <summary>Followed: which pages become the page of zeroes when a large page is taken apart.</summary>
    public static KnownDifference PagesOfALargePage { get; } = new(
        "zeroes shared as in the kernel, which took a large page apart",
        "MADV_FREE, MADV_COLD and MADV_PAGEOUT of a part of a large page take it apart, and small pages of zeroes in it become the zero page; whether pages that are mapped one by one are still a large page inside the kernel can't be seen");

    /// <summary>Explained: khugepaged.</summary>
    public static KnownDifference BackgroundCollapse { get; } = new(
        "sequence given up, as khugepaged had collapsed pages",
        "the kernel's thread khugepaged collapses the pages of some process into a large page every few seconds");

    /// <summary>Explained: no large page was free.</summary>
    public static KnownDifference NoLargePageFree { get; } = new(
        "sequence given up, as no large page was free",
        "whether 2 MiB of memory are free in one piece depends on everything that runs on the machine; if none are, the kernel gives small pages");

    /// <summary>Explained: reclaim and shortage of memory.</summary>
    public static KnownDifference Reclaim { get; } = new(
        "sequence given up, as the kernel reclaimed memory",
        "when memory is short, or when it is told to reclaim early, the kernel takes lazily freed pages, unmaps others, and ends processes, at a time of its own");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KnownDifference> All { get; } = [RandomPlacementBelow2GiB, PagesReclaimedOnRequest, PagesOfALargePage, BackgroundCollapse, NoLargePageFree, Reclaim];

    /// <summary>True when the kernel may have dropped pages of the call's range that the engine keeps.</summary>
    internal static bool MayReclaim(in CallRecord record) => record.Call.Number == SystemCallNumber.Advise && (Advice)record.Call.Arguments.Third == Advice.PageOut;

    /// <summary>True when the kernel may have taken a large page apart that the engine maps page by page already.</summary>
    internal static bool MayTakeApart(in CallRecord record) =>
        record.Call.Number == SystemCallNumber.Advise && (Advice)record.Call.Arguments.Third is Advice.Free or Advice.Cold or Advice.PageOut;

    /// <summary>True when the call's effect can't be known, also not afterwards: pages of an object that are reclaimed, or pages that are swapped out, which look like guard pages from
    /// outside.</summary>
    internal static bool IsLeftOut(in CallRecord record, AddressSpace space, bool hasSwap) =>
        MayReclaim(record) && (hasSwap || UnmodelledCalls.ShowsObject(space, record.Call.Arguments.First, record.Call.Arguments.Second));

    /// <summary>The call as the engine is to be given it, after the kernel has answered: the same, or with what only the kernel can know.</summary>
    internal static CallRecord Told(in CallRecord record, in CallAnswer kernel)
    {
        CallArguments a = record.Call.Arguments;
        return IsDrawn(record, kernel.Result)
            ? record with { Call = record.Call with { Arguments = a with { First = (ulong)kernel.Result.Raw } } }
            : record;
    }

    /// <summary>True when the kernel has drawn the address that a call returned.</summary>
    internal static bool IsDrawn(in CallRecord record, CallResult result) =>
        record.Call.Number == SystemCallNumber.Map
        && (record.Call.Arguments.Fourth & (ulong)(MapFlags.Below2GiB | MapFlags.Fixed | MapFlags.FixedNoReplace)) == (ulong)MapFlags.Below2GiB
        && !result.IsError
        && (ulong)result.Raw is >= LowestBelow2GiB and < EndBelow2GiB;
}
