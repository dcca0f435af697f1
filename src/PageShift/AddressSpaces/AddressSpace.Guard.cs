using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>MADV_GUARD_INSTALL: replaces all pages of a part of a mapping by guard markers. ENOMEM when memory is out; then a first part is guarded, and the pages are gone.</summary>
    private Errno InstallGuards(MappingHandle handle, AddressRange part)
    {
        if (!_unmapper.TrySplitLeavesAtEnds(part))
            return Errno.OutOfMemory;
        VmFlags flags = _mappings.FlagsOf(handle);
        _mappings.SetFlags(handle, flags | VmFlags.MayHaveGuards);
        if (IsAnonymousPrivate(handle))
            _state.EnsureAnon(handle); // a private mapping of a file gets none from it (checked on the kernel)
        _unmapper.ZapDropped(part);
        return _tables.TryFillPages(part, PageTableEntry.Guard, out _) ? Errno.None : Errno.OutOfMemory;
    }

    /// <summary>MADV_GUARD_REMOVE: makes the guarded pages of a range empty again.</summary>
    private void RemoveGuards(AddressRange range)
    {
        _tables.RemoveGuards(range);
        _linuxTables.Emptied(_tables.Freed);
    }
}
