using System.Runtime.CompilerServices;
using PageShift.Abi;
using PageShift.PageTables;

namespace PageShift.Translation;

/// <summary>The bits of a leaf that follow from the flags of its mapping, as Linux sets them on x86-64.</summary>
internal static class LeafBits
{
    private const ulong AccessBits = PageTableEntry.PresentBit | PageTableEntry.ProtNoneBit | PageTableEntry.WritableBit
        | PageTableEntry.UserBit | PageTableEntry.NoExecuteBit | PageTableEntry.KeyMask;

    /// <summary>The bits of a 4 KiB leaf that was just faulted in: accessed, and for a write also writable and dirty. A leaf of a private mapping is
    /// writable only once a write has made the page its own; one of a shared mapping likewise, so that the write is seen.</summary>
    internal static ulong ForFault(VmFlags flags, bool write)
    {
        ulong bits = ForFlags(flags) | PageTableEntry.AccessedBit;
        if (write)
            bits |= PageTableEntry.WritableBit | PageTableEntry.DirtyBit;
        return bits;
    }

    /// <summary>True when a 4 KiB leaf lets an access through as it stands: present, permitted, and with the accessed and dirty bits that the access would set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool LetsThrough(this PageTableEntry leaf, AccessKind access)
    {
        const ulong Read = PageTableEntry.PresentBit | PageTableEntry.AccessedBit;
        const ulong Write = Read | PageTableEntry.WritableBit | PageTableEntry.DirtyBit;
        return access switch
        {
            AccessKind.Read => (leaf.Value & (Read | PageTableEntry.KeyMask)) == Read,
            AccessKind.Write => (leaf.Value & (Write | PageTableEntry.KeyMask)) == Write,
            _ => (leaf.Value & (Read | PageTableEntry.NoExecuteBit)) == Read,
        };
    }

    /// <summary>The bits without RW, A and D.</summary>
    internal static ulong ForFlags(VmFlags flags)
    {
        if ((flags & VmFlags.AccessMask) == 0)
            return PageTableEntry.ProtNoneBit | PageTableEntry.NoExecuteBit;
        ulong bits = PageTableEntry.PresentBit | PageTableEntry.UserBit;
        if ((flags & VmFlags.Execute) == 0)
            bits |= PageTableEntry.NoExecuteBit;
        if ((flags & VmFlags.ExecuteOnly) != 0)
            bits |= PageTableEntry.ExecuteOnlyKey;
        return bits;
    }

    /// <summary>A mapped leaf as mprotect leaves it: the new access, no RW (the next write fault decides about it), everything else kept.</summary>
    internal static PageTableEntry Protect(PageTableEntry leaf, VmFlags flags) =>
        leaf.Without(AccessBits).With(ForFlags(flags));
}
