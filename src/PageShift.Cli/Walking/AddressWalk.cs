using PageShift.Calls.Machines;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Walking;

/// <summary>One table on the way from the root to a page.</summary>
/// <param name="Level">The table's level.</param>
/// <param name="LowBit">The lowest address bit of the index.</param>
/// <param name="Bits">How many bits the index has.</param>
/// <param name="Index">The index: which entry of the table leads on.</param>
/// <param name="Entry">The addresses that this entry covers.</param>
internal readonly record struct WalkStep(PageTableLevel Level, int LowBit, int Bits, int Index, AddressRange Entry);

/// <summary>An address taken apart as the processor does it: one index for each level, and the offset in the page.</summary>
internal sealed record AddressWalk
{
    internal AddressWalk(VirtualAddress address, PagingGeometry geometry, Machine? machine)
    {
        Address = address;
        Geometry = geometry;
        Machine = machine;
        AddressBits = 64 - (int)ulong.LeadingZeroCount(geometry.UserLimit.Value - 1);
        Steps = [.. Enumerable.Range(0, geometry.Levels).Reverse().Select(level => StepAt((PageTableLevel)level))];
    }

    internal VirtualAddress Address { get; }

    /// <summary>The tables, with the machine's own page size.</summary>
    internal PagingGeometry Geometry { get; }

    /// <summary>The machine that was named; null for tables that are named by their shape.</summary>
    internal Machine? Machine { get; }

    /// <summary>The bits of a user address.</summary>
    internal int AddressBits { get; }

    /// <summary>The steps, from the root down.</summary>
    internal IReadOnlyList<WalkStep> Steps { get; }

    /// <summary>The bits of the offset in a page.</summary>
    internal int OffsetBits => Geometry.SpanShift(PageTableLevel.Pte);

    /// <summary>The byte's offset in its page.</summary>
    internal ulong Offset => OffsetIn(PageTableLevel.Pte);

    /// <summary>How far the address is past the beginning of the block that one entry of a level covers.</summary>
    internal ulong OffsetIn(PageTableLevel level) => Address.OffsetIn(Geometry.Span(level)).Value;

    /// <summary>The bits of the root's index: those of user addresses, and where one more fills the table, that one too: it tells the kernel's half from the user's.</summary>
    private int RootBits(int low)
    {
        int bits = Math.Max(AddressBits - low, 1);
        return 1 << (bits + 1) == Geometry.EntriesAt(Geometry.Root) ? bits + 1 : bits;
    }

    private WalkStep StepAt(PageTableLevel level)
    {
        int low = Geometry.SpanShift(level);
        ByteLength span = Geometry.Span(level);
        return new WalkStep(level, low, level == Geometry.Root ? RootBits(low) : Geometry.SpanShift(level + 1) - low, Geometry.Index(Address, level), new AddressRange(Address.AlignDown(span), span));
    }
}
