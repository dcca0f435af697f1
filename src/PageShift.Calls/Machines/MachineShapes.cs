using System.Globalization;
using PageShift.PageTables;

namespace PageShift.Calls.Machines;

/// <summary>The shapes of page tables that the processors have, by page size and length of addresses.</summary>
/// <remarks>Sources, of Linux: CONFIG_PGTABLE_LEVELS in <c>arch/*/Kconfig</c> and TASK_SIZE in <c>arch/*/include/asm/processor.h</c>; see docs/linux-rules.md.</remarks>
internal static class MachineShapes
{
    private static readonly Shape[] All =
    [
        // The usual one of a page size comes first, and the others in the order of their addresses. Behind the bits of an address those that index each table, the lowest first.
        new(Architecture.X64, 12, 47, 9, 9, 9, 9),
        new(Architecture.X64, 12, 56, 9, 9, 9, 9, 9),
        new(Architecture.I386, 12, 32, 9, 9, 9, 9),
        new(Architecture.I386Pae, 12, 32, 9, 9, 9),
        new(Architecture.I386TwoLevel, 12, 32, 10, 10),
        new(Architecture.Arm, 12, 32, 9, 9, 9, 9),
        new(Architecture.Arm64, 12, 48, 9, 9, 9, 9),
        new(Architecture.Arm64, 12, 39, 9, 9, 9),
        new(Architecture.Arm64, 12, 52, 9, 9, 9, 9, 9),
        new(Architecture.Arm64, 14, 48, 11, 11, 11, 11),
        new(Architecture.Arm64, 14, 36, 11, 11),
        new(Architecture.Arm64, 14, 47, 11, 11, 11),
        new(Architecture.Arm64, 16, 48, 13, 13, 13),
        new(Architecture.Arm64, 16, 42, 13, 13),
        new(Architecture.Arm64, 16, 52, 13, 13, 13),
        new(Architecture.LoongArch64, 14, 47, 11, 11, 11),
        new(Architecture.LoongArch64, 12, 48, 9, 9, 9, 9),
        new(Architecture.LoongArch64, 12, 39, 9, 9, 9),
        new(Architecture.LoongArch64, 16, 42, 13, 13),
        new(Architecture.Power64, 16, 47, 5, 9, 9, 8),
        new(Architecture.Power64, 16, 52, 5, 9, 9, 13),
        new(Architecture.Power64, 12, 47, 9, 9, 9, 9),
        new(Architecture.RiscV64, 12, 47, 9, 9, 9, 9),
        new(Architecture.RiscV64, 12, 38, 9, 9, 9),
        new(Architecture.RiscV64, 12, 56, 9, 9, 9, 9, 9),
        new(Architecture.S390, 12, 42, 8, 11, 11),
        new(Architecture.S390, 12, 53, 8, 11, 11, 11),
    ];

    /// <summary>The page size that a processor is taken to have where nothing says it.</summary>
    internal static int UsualPageShift(Architecture architecture) => architecture switch
    {
        Architecture.Power64 => 16,
        Architecture.LoongArch64 => 14,
        _ => 12,
    };

    /// <summary>The machine of a processor and a page size whose addresses reach <paramref name="highest"/>.</summary>
    /// <param name="architecture">The processor.</param>
    /// <param name="pageShift">The base-2 logarithm of the page size.</param>
    /// <param name="bits">The bits of a user address; null for the usual ones, or as many as it takes.</param>
    /// <param name="highest">The highest address that has to be held.</param>
    /// <param name="chosen">The highest address that the kernel chose, which begins near the top: a machine with shorter addresses is known by it. 0 for none.</param>
    /// <param name="limit32">Where the addresses of 32-bit programs end.</param>
    /// <exception cref="UnsupportedMachineException">There is none, or it is not supported.</exception>
    internal static Machine Find(Architecture architecture, int pageShift, int? bits, ulong highest, ulong chosen, ulong limit32)
    {
        Shape[] sized = [.. All.Where(s => s.Architecture == architecture && s.PageShift == pageShift)];
        if (sized.Length == 0)
            throw new UnsupportedMachineException($"{ArchitectureName.Of(architecture)}'s tables with pages of {SizeOf(pageShift)} are not supported; supported are {Supported()} (--arch and --page-size say another)");
        Shape[] fitting = [.. sized.Where(s => bits is null ? Holds(s, highest) : s.Bits == bits)];
        if (fitting.Length == 0 && bits is not null)
            throw new UnsupportedMachineException(
                $"--address-bits: found {bits}, expected {string.Join(" or ", sized.Select(s => s.Bits).Order())} for {ArchitectureName.Of(architecture)} with pages of {SizeOf(pageShift)}");
        Shape shape = fitting.Length == 0 ? sized.MaxBy(s => s.Bits) : fitting[0];

        // An address near the top of shorter addresses, which the kernel chose, says that they are no longer.
        if (bits is null && fitting.Where(s => chosen >> (s.Bits - 1) == 1).ToArray() is [var near, ..])
            shape = near;
        return new Machine { Architecture = architecture, PageShift = pageShift, AddressBits = shape.Bits, Geometry = GeometryOf(shape), Limit32 = limit32 };
    }

    /// <summary>A page size in words: "16 KiB".</summary>
    internal static string SizeOf(int pageShift) => string.Create(CultureInfo.InvariantCulture, $"{1 << (pageShift - 10)} KiB");

    private static bool Holds(in Shape shape, ulong address) => address >> shape.Bits == 0;

    private static PagingGeometry GeometryOf(in Shape shape)
    {
        if (shape.Architecture == Architecture.X64)
            return shape.IndexBits.Length == PagingGeometry.X86FiveLevel.Levels ? PagingGeometry.X86FiveLevel : PagingGeometry.X86;
        // A 32-bit program under a 64-bit kernel has that kernel's tables.
        if (shape.Architecture is Architecture.I386 or Architecture.Arm)
            return PagingGeometry.X86;
        return PagingGeometry.Of(1UL << (shape.Bits - shape.PageShift + Units.PageSize.Shift), shape.IndexBits);
    }

    private static string Supported() => string.Join(
        ", ", All.GroupBy(s => s.Architecture).Select(g => $"{ArchitectureName.Of(g.Key)} with {string.Join(" and ", g.Select(s => s.PageShift).Distinct().Order().Select(SizeOf))}"));

    private readonly record struct Shape(Architecture Architecture, int PageShift, int Bits, params int[] IndexBits);
}
