using PageShift.Abi;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>The pages of an address space's mappings, counted by kind, and what may be added to them (Linux: total_vm, data_vm and locked_vm of mm_struct, and the resource
/// limits).</summary>
/// <param name="state">The space, of whose options the limit of charges counts here, and its capabilities.</param>
/// <remarks>Guarded by the mapping lock, exclusively.</remarks>
internal sealed class PageAccounts(SpaceState state)
{
    private readonly SpaceState _state = state;

    /// <summary>The pages of all mappings.</summary>
    internal PageCount Total { get; private set; }

    /// <summary>The pages of private writable mappings, stacks aside.</summary>
    internal PageCount Data { get; private set; }

    /// <summary>The pages of locked mappings, present or not.</summary>
    internal PageCount Locked { get; private set; }

    /// <summary>The resource limits now.</summary>
    internal ResourceLimits Limits { get; set; } = state.Options.Limits;

    /// <summary>True when RLIMIT_MEMLOCK does not bind.</summary>
    internal bool MayLockAll => _state.Controls.Has(Capabilities.LockMemory);

    /// <summary>Takes the counts of another space over.</summary>
    internal void CopyFrom(PageAccounts other) => (Total, Data, Locked) = (other.Total, other.Data, other.Locked);

    /// <summary>Counts pages that a mapping with <paramref name="flags"/> has got.</summary>
    internal void Add(VmFlags flags, PageCount pages)
    {
        Total += pages;
        if (IsData(flags))
            Data += pages;
        if (flags.Has(VmFlags.Locked))
            Locked += pages;
    }

    /// <summary>Counts pages that a mapping with <paramref name="flags"/> has lost. Below zero is an error of the caller.</summary>
    internal void Remove(VmFlags flags, PageCount pages)
    {
        Total -= pages;
        if (IsData(flags))
            Data -= pages;
        if (flags.Has(VmFlags.Locked))
            Locked -= pages;
    }

    /// <summary>ENOMEM when <paramref name="pages"/> more with <paramref name="flags"/>, <paramref name="replacedPages"/> of which take the place of others (of
    /// any kind), would exceed RLIMIT_AS or RLIMIT_DATA.</summary>
    internal Errno CheckMayExpand(PageCount pages, VmFlags flags, PageCount replacedPages = default)
    {
        PageCount added = pages - replacedPages;
        if (Exceeds(Total, added, Limits.AddressSpace))
            return Errno.OutOfMemory;
        if (!IsData(flags) || !Exceeds(Data, added, Limits.Data))
            return Errno.None;
        // A soft limit of 0 is taken for none, up to the hard one: programs use it to keep brk out of the way.
        return Limits.Data == ByteLength.Zero && !Exceeds(Data, added, Limits.DataMaximum) ? Errno.None : Errno.OutOfMemory;
    }

    /// <summary>ENOMEM when a single charge of <paramref name="pages"/> is more than memory and swap together (overcommit mode 0).</summary>
    internal Errno CheckCommit(PageCount pages) => pages > _state.Options.CommitLimit.WholePages ? Errno.OutOfMemory : Errno.None;

    /// <summary>EPERM when the process may lock nothing at all.</summary>
    internal Errno CheckCanLock() =>
        MayLockAll || Limits.Locked != ByteLength.Zero ? Errno.None : Errno.OperationNotPermitted;

    /// <summary>EAGAIN when <paramref name="pages"/> more that <paramref name="flags"/> lock would exceed RLIMIT_MEMLOCK.</summary>
    internal Errno CheckLocked(PageCount pages, VmFlags flags) =>
        flags.Has(VmFlags.Locked) && !MayLockAll && Exceeds(Locked, pages, Limits.Locked)
            ? Errno.TryAgain
            : Errno.None;

    /// <summary>True when the pages of a mapping with <paramref name="flags"/> count against RLIMIT_DATA.</summary>
    internal static bool IsData(VmFlags flags) => (flags & (VmFlags.Write | VmFlags.Shared | VmFlags.GrowsDown)) == VmFlags.Write;

    /// <summary>True when a new mapping with <paramref name="flags"/> is charged against the commit limit, and gets <see cref="VmFlags.Account"/>.</summary>
    internal static bool IsCharged(VmFlags flags) => (flags & (VmFlags.Write | VmFlags.Shared | VmFlags.NoReserve)) == VmFlags.Write;

    private static bool Exceeds(PageCount pages, PageCount added, ByteLength limit) => pages + added > limit.WholePages;
}
