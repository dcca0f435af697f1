using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Moving;
using PageShift.Units;

namespace PageShift.Verification.Kernels;

/// <summary>Finds out how the running kernel moves page tables: makes moves that the policies make differently, and counts the page tables that they take. A release may have been built without
/// moves of whole tables, or with a rule of a later one.</summary>
internal sealed class MoveProbe
{
    private const ulong Place = 64UL << 30;
    private const ulong Half = 1UL << 20;
    private const ulong Pmd = 2UL << 20;
    private const ulong Pud = 1UL << 30;
    private const MapFlags There = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.NoReserve;
    private const ulong NoDescriptor = ulong.MaxValue;

    private readonly KernelExecutor _executor;
    private readonly KernelProbe _probe;

    private MoveProbe(KernelExecutor executor, KernelProbe probe) => (_executor, _probe) = (executor, probe);

    /// <summary>The policy that the kernel's moves are those of; null where nothing can be counted.</summary>
    /// <param name="pristine">A process that has made no call; copies of it are made.</param>
    internal static MovePolicy? TryFindPolicy(KernelExecutor pristine)
    {
        if (pristine.TryFork(out KernelExecutor? copy).IsError || copy is null)
            return null;
        using (copy)
        using (KernelProbe? probe = KernelProbe.TryAttach(copy, out _))
            return probe is null ? null : new MoveProbe(copy, probe).FindPolicy();
    }

    // a move of one page, without another mapping near, that takes no table        is one of
    // a PMD's block, aligned                                                       linux-5.0
    // a PUD's block, aligned                                                       linux-5.11
    // from the middle of a PMD's block to its end, to another block                linux-6.7
    // a PMD's length from the middle of a block to the middle of the one below     pageshift
    private MovePolicy FindPolicy()
    {
        if (!TakesNoTable(Place, Pmd, Place + (64 * Pmd)))
            return MovePolicy.Linux420;
        if (!TakesNoTable(Place, Pud, Place + (8 * Pud)))
            return MovePolicy.Linux50;
        if (!TakesNoTable(Place + Half, Half, Place + (64 * Pmd) + Half))
            return MovePolicy.Linux511;
        return TakesNoTable(Place + Half, Pmd, Place - Half) ? MovePolicy.PageShift : MovePolicy.Linux67;
    }

    private bool TakesNoTable(ulong old, ulong length, ulong @new)
    {
        const ulong MoveTo = (ulong)(RemapFlags.MayMove | RemapFlags.Fixed);
        // One that keeps the tables above, in source and destination.
        _ = Map(Place - (32 * Pmd), PageSize.Bytes);
        _ = Map(Place + (32 * Pmd), PageSize.Bytes);
        _ = Map(old, length);
        Touch(Place - (32 * Pmd));
        Touch(Place + (32 * Pmd));
        Touch(old);
        Touch(old + length - PageSize.Bytes);
        MeasuredCost cost = _probe.Measure(out KernelOutcome outcome, SystemCallNumber.Remap, new(old, length, length, MoveTo, @new));
        _ = _executor.Invoke(SystemCallNumber.Unmap, new(Place - Pud, 16 * Pud));
        return outcome.Ran && !outcome.Result.IsError && cost.ZeroedAllocations == 0;
    }

    private CallResult Map(ulong place, ulong length) =>
        _executor.Invoke(SystemCallNumber.Map, new(place, length, (ulong)(Protection.Read | Protection.Write), (ulong)There, NoDescriptor)).Result;

    private void Touch(ulong place) => _ = _executor.Fill(new VirtualAddress(place), 1, PageSize.Length);
}
