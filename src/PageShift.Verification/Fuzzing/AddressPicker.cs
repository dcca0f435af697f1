using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>Picks the addresses and lengths of a sequence: mostly near a few boundaries, near what is mapped, and near what earlier calls returned, so that calls meet each other.</summary>
internal sealed class AddressPicker
{
    private const ulong Page = PageSize.Bytes;
    private const ulong Block = 1UL << 21;
    private const ulong Giant = 1UL << 30;
    private const ulong UserEnd = 0x7fff_ffff_f000;
    private const ulong HighEnd = 0xff_ffff_ffff_f000;

    private static readonly ulong[] Special =
    [
        0, Page, 2 * Page, 0xf000, 0x1_0000, 0x1_1000, 0x40_0000, 0x40_1000, Block, Giant, 0x4000_0000, 0x8000_0000, 1UL << 39,
        0x7fff_f7ff_f000, 0x7fff_f7ff_e000, 0x7fff_ff00_0000, UserEnd - Page, UserEnd, 1UL << 47, 1UL << 63, ulong.MaxValue - 4094, ulong.MaxValue,
    ];

    private static readonly ulong[] SpecialLengths =
    [
        0, 1, Page - 1, Page + 1, UserEnd, UserEnd - Page, 1UL << 47, 1UL << 62, 1UL << 63, ulong.MaxValue - 4095, ulong.MaxValue - 4094, ulong.MaxValue,
    ];

    // With five levels of page tables: around the end of what is chosen unasked, and the end of all.
    private static readonly ulong[] High =
    [
        UserEnd - Page, UserEnd, 1UL << 47, (1UL << 47) - (2 * Page), (1UL << 47) + Page, 1UL << 48, 1UL << 55, HighEnd - Block, HighEnd - Page, HighEnd, 1UL << 56,
    ];

    private readonly ulong[] _anchors = new ulong[2];
    private readonly bool _hasHigh;
    private readonly ulong[] _recent = new ulong[8];
    private int _recentCount;

    /// <summary>Places the terrain of a sequence.</summary>
    /// <param name="terrain">Its scale.</param>
    /// <param name="hasHigh">True when there are addresses from 2^47 up: then a third of the sequences is there.</param>
    /// <param name="random">What is drawn from.</param>
    internal AddressPicker(FuzzTerrain terrain, bool hasHigh, ref SplitMix random)
    {
        Terrain = terrain;
        _hasHigh = hasHigh;
        ulong region = 0x10_0000_0000 + (random.Below(64) * Giant);
        if (hasHigh && random.Chance(33))
            region += (1UL << 47) * (1 + random.Below(511));
        // The second place is congruent to the first at one level or another, or nearly so.
        ulong distance = random.Below(3) switch { 0 => Giant * (1 + random.Below(3)), 1 => Block * (1 + random.Below(6)), _ => Giant + (Block * random.Below(4)) };
        _anchors[0] = region + (random.Below(4) * Block) + (terrain is FuzzTerrain.Giant or FuzzTerrain.LargePages ? 0 : random.Below(3) * Page);
        _anchors[1] = _anchors[0] + distance + (random.Chance(25) ? Page : 0);
    }

    /// <summary>The scale of the sequence.</summary>
    internal FuzzTerrain Terrain { get; }

    /// <summary>Remembers an address that a call returned.</summary>
    internal void Remember(ulong address) => _recent[_recentCount++ % _recent.Length] = address;

    /// <summary>An address, mostly of a page.</summary>
    internal ulong Address(ref SplitMix random, SpaceSnapshot state)
    {
        ulong choice = random.Below(100);
        if (choice < 50)
            return OnTerrain(ref random);
        if (choice < 80 && state.Mappings.Count != 0)
            return AtMapping(ref random, state);
        if (choice < 90 && _recentCount != 0)
            return _recent[random.Below((ulong)Math.Min(_recentCount, _recent.Length))] + (random.Below(3) * Page);
        if (choice < 96)
            return OnTerrain(ref random);
        if (choice >= 98)
            return OnTerrain(ref random) + random.Below(Page);
        return _hasHigh && random.Chance(50) ? random.Pick<ulong>(High) : random.Pick<ulong>(Special);
    }

    /// <summary>A length in bytes, mostly of whole pages.</summary>
    internal ulong Length(ref SplitMix random)
    {
        if (random.Chance(3))
            return _hasHigh && random.Chance(30) ? random.Pick<ulong>(High) : random.Pick<ulong>(SpecialLengths);
        ulong length = Terrain switch
        {
            FuzzTerrain.Pages or FuzzTerrain.Anywhere when random.Chance(90) => Page * (1 + random.Below(8)),
            FuzzTerrain.LargePages => random.Below(6) switch { < 3 => Block * (1 + random.Below(3)), 3 => Block + (Page * random.Below(2)), 4 => Block / 2 * (1 + random.Below(5)), _ => Page * (1 + random.Below(8)) },
            FuzzTerrain.Giant => random.Below(4) switch { 0 => Giant, 1 => 2 * Giant, 2 => Block * (1 + random.Below(1024)), _ => Giant + (Block * random.Below(3)) + (Page * random.Below(2)) },
            _ => random.Below(5) switch { 0 => Page * (1 + random.Below(600)), 1 => Block + (Page * random.Below(2)), 2 => Block / 2 * (1 + random.Below(6)), _ => Block * (1 + random.Below(3)) },
        };
        return random.Chance(3) ? length - random.Below(Page) : length;
    }

    /// <summary>A range: often a mapping, or a part of one or of several.</summary>
    internal (ulong Start, ulong Length) Range(ref SplitMix random, SpaceSnapshot state)
    {
        if (state.Mappings.Count == 0 || !random.Chance(65))
            return (Address(ref random, state), Length(ref random));
        AddressRange mapping = state.Mappings[(int)random.Below((ulong)state.Mappings.Count)].Range;
        ulong start = mapping.Start.Value;
        ulong length = mapping.Length.Value;
        if (random.Chance(40))
            return (start, length);
        if (random.Chance(30))
            return (start, length + (Page * random.Below(6)));
        ulong skipped = random.Below(2) == 0 ? Pages(ref random, length) : 0;
        ulong left = length - skipped;
        return (start + skipped, Math.Max(Page, Pages(ref random, left)));
    }

    /// <summary>An address to which a range may move: congruent to it at some level, nearly congruent, or any.</summary>
    internal ulong Destination(ref SplitMix random, SpaceSnapshot state, ulong start)
    {
        if (random.Chance(45))
            return Address(ref random, state);
        ulong unit = Terrain switch
        {
            FuzzTerrain.Giant => random.Below(2) == 0 ? Giant : Block,
            FuzzTerrain.Blocks or FuzzTerrain.LargePages => Block,
            _ => random.Below(2) == 0 ? Block : Page,
        };
        ulong distance = unit * (1 + random.Below(8));
        if (random.Chance(15))
            distance += Page;
        return random.Below(2) == 0 ? unchecked(start + distance) : unchecked(start - distance);
    }

    /// <summary>An address inside a mapping, any byte of it; sometimes a little below it, where a stack grows.</summary>
    internal ulong Inside(ref SplitMix random, SpaceSnapshot state)
    {
        if (state.Mappings.Count == 0 || random.Chance(5))
            return Address(ref random, state);
        AddressRange mapping = state.Mappings[(int)random.Below((ulong)state.Mappings.Count)].Range;
        ulong pages = mapping.Length.WholePages.Value;
        // The ends are where tables are shared with others.
        ulong page = random.Below(4) switch { 0 => 0, 1 => pages - 1, 2 => Math.Min(pages - 1, random.Below(4)), _ => random.Below(pages) };
        if (random.Chance(3))
            return unchecked(mapping.Start.Value - 1 - random.Below(24 * Page));
        return mapping.Start.Value + (page * Page) + (random.Chance(80) ? 0 : random.Below(Page));
    }

    private ulong OnTerrain(ref SplitMix random)
    {
        ulong anchor = _anchors[random.Below(2)];
        return Terrain switch
        {
            FuzzTerrain.Pages or FuzzTerrain.Anywhere => anchor + (random.Below(24) * Page) - (8 * Page),
            FuzzTerrain.Giant => anchor + (random.Below(5) * Giant) + (random.Chance(30) ? random.Below(3) * Block : 0) + (random.Chance(10) ? Page : 0),
            _ => anchor + (random.Below(8) * Block) + (random.Below(4) switch { 0 => Block / 2, 1 => unchecked((random.Below(3) * Page) - Page), _ => 0 }),
        };
    }

    private static ulong AtMapping(ref SplitMix random, SpaceSnapshot state)
    {
        AddressRange mapping = state.Mappings[(int)random.Below((ulong)state.Mappings.Count)].Range;
        ulong edge = random.Below(2) == 0 ? mapping.Start.Value : mapping.End.Value;
        return unchecked(random.Below(4) switch { 0 => edge - (Page * (1 + random.Below(3))), 1 => edge + (Page * random.Below(3)), _ => edge });
    }

    private static ulong Pages(ref SplitMix random, ulong length) =>
        Page * (random.Chance(70) ? random.Below(Math.Min(length / Page, 8) + 1) : random.Below((length / Page) + 1));
}
