using System.Globalization;
using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>What should be at a range of addresses: Linux's <c>vm_area_struct</c>, as a value. It is a snapshot: a
/// later change of the address space does not change it.</summary>
public readonly record struct Mapping
{
    internal Mapping(AddressRange range, VmFlags flags, OpenFile? file, PageCount pageOffset, AnonIdentity anon)
    {
        Range = range;
        Flags = flags;
        File = file;
        PageOffset = pageOffset;
        Anon = anon;
    }

    /// <summary>The addresses; both ends are multiples of 4 KiB.</summary>
    public AddressRange Range { get; internal init; }

    /// <summary>The flags, as the VmFlags line of /proc/PID/smaps lists them.</summary>
    internal VmFlags Flags { get; init; }

    /// <summary>The open file that the mapping shows (for shared anonymous memory its hidden object), or null when it is anonymous and private.</summary>
    public OpenFile? File { get; internal init; }

    /// <summary>The place in the object of the first page, in pages. For anonymous private memory it is the page number of the address where the mapping was made, which only
    /// merging looks at.</summary>
    public PageCount PageOffset { get; internal init; }

    /// <summary>The identity of its private pages, or none.</summary>
    internal AnonIdentity Anon { get; init; }

    /// <summary>The first address.</summary>
    public VirtualAddress Start => Range.Start;

    /// <summary>The first address after the mapping.</summary>
    public VirtualAddress End => Range.End;

    /// <summary>True when the mapping is private and shows no object.</summary>
    public bool IsAnonymous => File is null;

    /// <summary>True when writes go to the object, and are seen by all who map it (MAP_SHARED of what may be written, or of what was opened for reading only).</summary>
    public bool IsShared => Flags.Has(VmFlags.MayShare);

    /// <summary>What the flags allow now.</summary>
    public Protection Protection =>
        (Flags.Has(VmFlags.Read) ? Protection.Read : 0)
        | (Flags.Has(VmFlags.Write) ? Protection.Write : 0)
        | (Flags.Has(VmFlags.Execute) ? Protection.Execute : 0);

    /// <summary>The place in the object, in pages, of the page that holds <paramref name="address"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="address"/> lies neither in the mapping nor at
    /// its end.</exception>
    internal PageCount PageOffsetAt(VirtualAddress address)
    {
        if (address < Start || address > End)
            throw new ArgumentOutOfRangeException(nameof(address), address, "The address lies outside the mapping.");
        return new PageCount(unchecked(PageOffset.Value + (address - Start).WholePages.Value));
    }

    /// <summary>The mapping in the style of a line of /proc/PID/maps.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Range} {Letter(VmFlags.Read, 'r')}{Letter(VmFlags.Write, 'w')}{Letter(VmFlags.Execute, 'x')}{(Flags.Has(VmFlags.MayShare) ? 's' : 'p')} {PageOffset.Value:x} A={Anon}");

    private char Letter(VmFlags flag, char letter) => Flags.Has(flag) ? letter : '-';
}
