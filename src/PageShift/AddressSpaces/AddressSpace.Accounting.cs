using PageShift.Abi;
using PageShift.Mappings;

namespace PageShift;

public sealed partial class AddressSpace
{
    // Guarded by the mapping lock, exclusively. Linux's total_vm, data_vm and locked_vm.
    private PageCount _totalPages;
    private PageCount _dataPages;
    private PageCount _lockedPages;

    /// <summary>The pages of all mappings: VmSize in /proc/PID/status. Read it while no call runs.</summary>
    public PageCount TotalPages => _totalPages;

    /// <summary>The pages of private writable mappings, stacks aside: VmData in /proc/PID/status. Read it while no call runs.</summary>
    public PageCount DataPages => _dataPages;

    /// <summary>The pages of locked mappings, present or not: VmLck in /proc/PID/status. Read it while no call runs.</summary>
    public PageCount LockedPages => _lockedPages;

    /// <summary>Adds a mapping, merged with its neighbours where the rules allow, and counts its pages.</summary>
    /// <returns>The mapping that now covers the range.</returns>
    private MappingHandle InsertMapping(in Mapping mapping, bool mayMergeWithNext = true)
    {
        AccountMapped(mapping.Flags, mapping.Range.Length.WholePages);
        mapping.File?.Object.AddMapper(this);
        return _mappings.InsertMerging(mapping, mayMergeWithNext);
    }

    /// <summary>Counts pages that a mapping with <paramref name="flags"/> has got.</summary>
    private void AccountMapped(VmFlags flags, PageCount pages)
    {
        _totalPages += pages;
        if (IsData(flags))
            _dataPages += pages;
        if (flags.Has(VmFlags.Locked))
            _lockedPages += pages;
    }

    /// <summary>Counts pages that a mapping with <paramref name="flags"/> has lost. Below zero is an error of the caller.</summary>
    private void UnaccountMapped(VmFlags flags, PageCount pages)
    {
        _totalPages -= pages;
        if (IsData(flags))
            _dataPages -= pages;
        if (flags.Has(VmFlags.Locked))
            _lockedPages -= pages;
    }

    /// <summary>ENOMEM when <paramref name="pages"/> more with <paramref name="flags"/>, <paramref name="replacedPages"/> of which take the place of others (of
    /// any kind), would exceed RLIMIT_AS or RLIMIT_DATA.</summary>
    private Errno CheckMayExpand(PageCount pages, VmFlags flags, PageCount replacedPages = default)
    {
        PageCount added = pages - replacedPages;
        if (Exceeds(_totalPages, added, Limits.AddressSpace))
            return Errno.OutOfMemory;
        if (!IsData(flags) || !Exceeds(_dataPages, added, Limits.Data))
            return Errno.None;
        // A soft limit of 0 is taken for none, up to the hard one: programs use it to keep brk out of the way.
        return Limits.Data == ByteLength.Zero && !Exceeds(_dataPages, added, Limits.DataMaximum) ? Errno.None : Errno.OutOfMemory;
    }

    /// <summary>ENOMEM when a single charge of <paramref name="pages"/> is more than memory and swap together (overcommit mode 0).</summary>
    private Errno CheckCommit(PageCount pages) => pages > Options.CommitLimit.WholePages ? Errno.OutOfMemory : Errno.None;

    /// <summary>EPERM when the process may lock nothing at all.</summary>
    private Errno CheckCanLock() =>
        Options.IsPrivileged || Limits.Locked != ByteLength.Zero ? Errno.None : Errno.OperationNotPermitted;

    /// <summary>EAGAIN when <paramref name="pages"/> more that <paramref name="flags"/> lock would exceed RLIMIT_MEMLOCK.</summary>
    private Errno CheckLocked(PageCount pages, VmFlags flags) =>
        flags.Has(VmFlags.Locked) && !Options.IsPrivileged && Exceeds(_lockedPages, pages, Limits.Locked)
            ? Errno.TryAgain
            : Errno.None;

    /// <summary>True when the pages of a mapping with <paramref name="flags"/> count against RLIMIT_DATA.</summary>
    private static bool IsData(VmFlags flags) => (flags & (VmFlags.Write | VmFlags.Shared | VmFlags.GrowsDown)) == VmFlags.Write;

    /// <summary>True when a new mapping with <paramref name="flags"/> is charged against the commit limit, and gets <see cref="VmFlags.Account"/>.</summary>
    private static bool IsCharged(VmFlags flags) => (flags & (VmFlags.Write | VmFlags.Shared | VmFlags.NoReserve)) == VmFlags.Write;

    private static bool Exceeds(PageCount pages, PageCount added, ByteLength limit) => pages + added > limit.WholePages;
}
