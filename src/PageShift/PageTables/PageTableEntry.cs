using System.Globalization;
using System.Runtime.CompilerServices;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>
/// One entry of a page table in x86-64's format, bit for bit.
/// </summary>
/// <remarks>
/// <code>
///  63 62   59 58   52 51                                12 11  9  8  7  6  5  4   3   2  1  0
/// +--+-------+-------+------------------------------------+-----+--+--+--+--+---+---+--+--+--+
/// |NX| key   | soft  |  frame number (bits 51..12)        |soft | G|PS| D| A|PCD|PWT|US|RW| P|
/// +--+-------+-------+------------------------------------+-----+--+--+--+--+---+---+--+--+--+
/// </code>
/// PS (bit 7) makes an entry above the lowest level a leaf of 2 MiB or 1 GiB. As in Linux, a page that is there but
/// may not be accessed (PROT_NONE) has P clear and bit 8 set, and keeps its frame. An entry with P and bit 8 clear
/// that is not all zeroes is a <em>marker</em>: it occupies its slot, is moved like any other, and maps nothing; bits
/// 9 to 11 say which kind it is.
/// Source: Intel SDM volume 3A, section 5.5 (tables 5-15 to 5-20); Linux's <c>_PAGE_PROTNONE</c> for bit 8.
/// </remarks>
public readonly record struct PageTableEntry
{
    /// <summary>P, bit 0: the processor may use the entry.</summary>
    internal const ulong PresentBit = 1UL << 0;

    /// <summary>RW, bit 1: writes are allowed.</summary>
    internal const ulong WritableBit = 1UL << 1;

    /// <summary>US, bit 2: user mode may access.</summary>
    internal const ulong UserBit = 1UL << 2;

    /// <summary>A, bit 5: the processor has used the entry.</summary>
    internal const ulong AccessedBit = 1UL << 5;

    /// <summary>D, bit 6: the processor has written through the leaf.</summary>
    internal const ulong DirtyBit = 1UL << 6;

    /// <summary>PS, bit 7: a leaf above the lowest level.</summary>
    internal const ulong LargeBit = 1UL << 7;

    /// <summary>G, bit 8, of a present entry: global. User mappings never set it.</summary>
    internal const ulong GlobalBit = 1UL << 8;

    /// <summary>Bit 8 of an entry that is not present: the page is there, with no access (PROT_NONE).</summary>
    internal const ulong ProtNoneBit = 1UL << 8;

    /// <summary>Bits 9 to 11: the kind of a marker.</summary>
    internal const ulong MarkerMask = 7UL << 9;

    /// <summary>NX, bit 63: execution is not allowed.</summary>
    internal const ulong NoExecuteBit = 1UL << 63;

    /// <summary>Bits 59 to 62: the protection key of a leaf. 0 is everybody's.</summary>
    internal const ulong KeyMask = 15UL << 59;

    /// <summary>The key of memory that may only be executed: the first that Linux gives out.</summary>
    internal const ulong ExecuteOnlyKey = 1UL << 59;

    /// <summary>Bits 12 to 51: the frame number.</summary>
    internal const ulong FrameMask = 0x000f_ffff_ffff_f000;

    /// <summary>What an entry that points to a table carries besides the frame: P, RW, US, A and D, as Linux sets them.</summary>
    internal const ulong TableBits = PresentBit | WritableBit | UserBit | AccessedBit | DirtyBit;

    private const ulong GuardMarker = 1UL << 9;
    private const ulong SwapMarker = 2UL << 9;

    internal PageTableEntry(ulong value) => Value = value;

    /// <summary>The 64 bits.</summary>
    public ulong Value { get; }

    /// <summary>The entry that occupies nothing.</summary>
    internal static PageTableEntry None => default;

    /// <summary>The marker of a guard page (MADV_GUARD_INSTALL).</summary>
    internal static PageTableEntry Guard => new(GuardMarker);

    /// <summary>True when the slot is not occupied.</summary>
    internal bool IsNone => Value == 0;

    /// <summary>P.</summary>
    public bool IsPresent => (Value & PresentBit) != 0;

    /// <summary>RW.</summary>
    public bool IsWritable => (Value & WritableBit) != 0;

    /// <summary>A.</summary>
    public bool IsAccessed => (Value & AccessedBit) != 0;

    /// <summary>D.</summary>
    public bool IsDirty => (Value & DirtyBit) != 0;

    /// <summary>NX.</summary>
    public bool IsNoExecute => (Value & NoExecuteBit) != 0;

    /// <summary>True when a key forbids loads and stores, and leaves instruction fetches.</summary>
    internal bool IsExecuteOnly => (Value & KeyMask) != 0;

    /// <summary>A page that is there with no access.</summary>
    internal bool IsProtNone => (Value & (PresentBit | ProtNoneBit)) == ProtNoneBit;

    /// <summary>True when a frame stands behind the entry, accessible or not.</summary>
    internal bool IsMapped => (Value & (PresentBit | ProtNoneBit)) != 0;

    /// <summary>An occupied slot without a frame.</summary>
    internal bool IsMarker => Value != 0 && (Value & (PresentBit | ProtNoneBit)) == 0;

    /// <summary>The marker of a guard page.</summary>
    public bool IsGuard => (Value & (PresentBit | ProtNoneBit | MarkerMask)) == GuardMarker;

    /// <summary>The physical address in bytes of the page that a mapped entry shows: bits 12 to 51. A multiple of 4 KiB; of a large leaf, of its size.</summary>
    public ulong PhysicalAddress => Value & FrameMask;

    /// <summary>The frame behind a mapped entry, or the table that it points to.</summary>
    internal FrameNumber Frame
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((Value & FrameMask) >> PageSize.Shift);
    }

    /// <summary>A marker like that of a page that was swapped out: occupied, without a frame, with 40 bits of payload.</summary>
    internal static PageTableEntry Swap(ulong slot) => new(SwapMarker | ((slot << PageSize.Shift) & FrameMask));

    /// <summary>An entry that points to a table.</summary>
    internal static PageTableEntry ToTable(FrameNumber table) => new((table.Value << PageSize.Shift) | TableBits);

    /// <summary>A leaf with the bits <paramref name="bits"/>; above the lowest level they include <see cref="LargeBit"/>.</summary>
    internal static PageTableEntry Leaf(FrameNumber frame, ulong bits) => new((frame.Value << PageSize.Shift) | bits);

    /// <summary>True when the entry, standing at <paramref name="level"/>, points to a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsTable(PageTableLevel level) => level != PageTableLevel.Pte && (Value & (PresentBit | LargeBit)) == PresentBit;

    /// <summary>True when the entry, standing at <paramref name="level"/>, maps frames.</summary>
    internal bool IsLeaf(PageTableLevel level) => IsMapped && (level == PageTableLevel.Pte || (Value & LargeBit) != 0);

    /// <summary>True when all of <paramref name="bits"/> are set.</summary>
    internal bool HasAll(ulong bits) => (Value & bits) == bits;

    /// <summary>True when one of <paramref name="bits"/> is set.</summary>
    internal bool HasAny(ulong bits) => (Value & bits) != 0;

    /// <summary>The same entry with <paramref name="bits"/> set.</summary>
    internal PageTableEntry With(ulong bits) => new(Value | bits);

    /// <summary>The same entry with <paramref name="bits"/> clear.</summary>
    internal PageTableEntry Without(ulong bits) => new(Value & ~bits);

    /// <summary>The entry in words: frame and bits.</summary>
    public override string ToString()
    {
        if (IsNone)
            return "none";
        if (IsGuard)
            return "guard";
        if (IsMarker)
            return string.Create(CultureInfo.InvariantCulture, $"marker 0x{Value:x}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{Frame}{(IsPresent ? " P" : " PROT_NONE")}{(IsWritable ? " RW" : "")}{((Value & UserBit) != 0 ? " US" : "")}{(IsAccessed ? " A" : "")}{(IsDirty ? " D" : "")}{((Value & LargeBit) != 0 ? " PS" : "")}{(IsNoExecute ? " NX" : "")}");
    }
}
