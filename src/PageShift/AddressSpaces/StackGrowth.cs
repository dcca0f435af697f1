using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>The growth of stacks (MAP_GROWSDOWN) by faults below them.</summary>
/// <remarks>Under the mapping lock, exclusively.</remarks>
internal sealed class StackGrowth(SpaceState state)
{
    private readonly SpaceState _state = state;
    private readonly MappingTree _mappings = state.Mappings;
    private readonly PageAccounts _accounts = state.Accounts;

    // In this order, each answered by SIGSEGV (SEGV_MAPERR), as on Linux 6.18:
    //
    //   below the lowest address that may be mapped
    //   nearer than the guard gap to an accessible mapping below that does not grow down itself
    //   over RLIMIT_AS; over RLIMIT_STACK; over RLIMIT_MEMLOCK; over the commit limit
    //
    // The mapping gets its identity before the limits are looked at. The growth precedes the check of the access, and stays when that fails. No merge follows.
    /// <summary>Extends a mapping down to <paramref name="page"/>. The mapping lock is held exclusively.</summary>
    internal bool TryGrowDown(MappingHandle handle, VirtualAddress page)
    {
        if (page < _state.Layout.Minimum || IsGuarded(handle, page))
            return false;
        _state.EnsureAnon(handle);
        Mapping stack = _mappings[handle];
        PageCount grown = (stack.Start - page).WholePages;
        if (grown > stack.PageOffset
            || _accounts.CheckMayExpand(grown, stack.Flags) != Errno.None
            || stack.End - page > _accounts.Limits.Stack
            || _accounts.CheckLocked(grown, stack.Flags) != Errno.None
            || _accounts.CheckCommit(grown) != Errno.None)
            return false;
        _accounts.Add(stack.Flags, grown);
        _mappings.SetStart(handle, page);
        return true;
    }

    private bool IsGuarded(MappingHandle handle, VirtualAddress page)
    {
        MappingHandle below = _mappings.Previous(handle);
        if (below.IsNone)
            return false;
        VmFlags flags = _mappings.FlagsOf(below);
        return (flags & VmFlags.GrowsDown) == 0
            && (flags & VmFlags.AccessMask) != 0
            && page - _mappings.RangeOf(below).End < MappingTree.GuardGap;
    }
}
