using System.Globalization;
using System.Text;

namespace PageShift.Tests.Linux;

/// <summary>One row: calls that prepare a layout, the move, and what the kernel's counters show for the move.</summary>
/// <param name="Name">What the row shows.</param>
/// <param name="Setup">The calls before the move, one a line, in the log format. BASE stands for an address that is a
/// multiple of 512 GiB with two empty slots of 512 GiB from there.</param>
/// <param name="Move">The move, one line.</param>
/// <param name="TlbFlushes">Events tlb:tlb_flush with reason 3.</param>
/// <param name="ZeroedAllocations">Events kmem:mm_page_alloc with __GFP_ZERO: tables of the destination.</param>
/// <param name="InvolvesThp">True when a page of 2 MiB takes part.</param>
public sealed record SectionSevenRow(
    string Name, string Setup, string Move, int TlbFlushes, int ZeroedAllocations, bool InvolvesThp = false)
{
    public override string ToString() => Name;
}

/// <summary>The table of docs/linux-rules.md section 7: what Linux's page-table movement costs, case by case. Measured on the running kernel by
/// <see cref="SectionSevenTests"/>; the engine's policy for that kernel has to predict the same figures.</summary>
public static class SectionSevenRows
{
    // Another mapping in the same 512 GiB: removing the last one there would free one more table.
    private const string Keeper = "mmap(BASE + 500*GB, 4*KB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n";

    // Small moves stay in one GiB unless the row says otherwise. FAR is congruent with NEAR modulo 2 MiB.
    private const string Near = "BASE + 1*GB + 256*MB";
    private const string Far = "BASE + 1*GB + 768*MB";
    private const string OtherGiB = "BASE + 3*GB";

    // Large moves: multiples of 1 GiB.
    private const string Low = "BASE + 8*GB";
    private const string High = "BASE + 64*GB";

    public static IReadOnlyList<SectionSevenRow> All { get; } =
    [
        new("1 page to another PMD", Filled(Near, "4*KB"), Move(Near, "4*KB", Far), 2, 1),
        new("1 page within one PTE table", Filled(Near, "4*KB"), Move(Near, "4*KB", Near + " + 1*MB"), 1, 0),
        new("2 MiB aligned, same GiB", Filled(Near, "2*MB"), Move(Near, "2*MB", Far), 1, 0),
        new("2 MiB aligned, other GiB", Filled(Near, "2*MB"), Move(Near, "2*MB", OtherGiB), 2, 1),
        new("4 MiB aligned", Filled(Near, "4*MB"), Move(Near, "4*MB", Far), 2, 0),
        new("2 MiB+4 KiB aligned", Filled(Near, "2*MB + 4*KB"), Move(Near, "2*MB + 4*KB", Far), 3, 1),

        new("+1M, 1M: ends on a boundary, realigned", Filled(Near + " + 1*MB", "1*MB"), Move(Near + " + 1*MB", "1*MB", Far + " + 1*MB"), 1, 0),
        new("+1M, 1M-4K: too short to realign", Filled(Near + " + 1*MB", "1*MB - 4*KB"), Move(Near + " + 1*MB", "1*MB - 4*KB", Far + " + 1*MB"), 2, 1),
        new("+1M, 2M, congruent and far", Filled(Near + " + 1*MB", "2*MB"), Move(Near + " + 1*MB", "2*MB", Far + " + 1*MB"), 3, 1),
        new("+1M, 2M, down by 2M: the destination is a neighbour", Filled(Near + " + 1*MB", "2*MB"), Move(Near + " + 1*MB", "2*MB", Near + " - 1*MB"), 3, 1),
        new("+1M, 2M, first half emptied, far", FirstHalfEmptied, Move(Near + " + 1*MB", "2*MB", Far + " + 1*MB"), 3, 1),
        new("+1M, 2M, first half emptied, down by 2M", FirstHalfEmptied, Move(Near + " + 1*MB", "2*MB", Near + " - 1*MB"), 2, 1),
        new("+1M, 3M congruent", Filled(Near + " + 1*MB", "3*MB"), Move(Near + " + 1*MB", "3*MB", Far + " + 1*MB"), 2, 0),
        new("+1M, 2.5M congruent: the end is not realigned", Filled(Near + " + 1*MB", "2*MB + 512*KB"), Move(Near + " + 1*MB", "2*MB + 512*KB", Far + " + 1*MB"), 3, 1),
        new("+1M, 2M, a predecessor in the source's PMD", Filled(Near + " + 1*MB", "2*MB") + Map(Near, "4*KB"), Move(Near + " + 1*MB", "2*MB", Far + " + 1*MB"), 3, 2),
        new("+1M, 2M, a predecessor in the destination's PMD", Filled(Near + " + 1*MB", "2*MB") + Map(Far, "4*KB"), Move(Near + " + 1*MB", "2*MB", Far + " + 1*MB"), 3, 2),
        new("2M aligned to +4K", Filled(Near, "2*MB"), Move(Near, "2*MB", Far + " + 4*KB"), 3, 2),
        new("2M aligned to +1M", Filled(Near, "2*MB"), Move(Near, "2*MB", Far + " + 1*MB"), 3, 2),
        new("+1M, 2M to aligned", Filled(Near + " + 1*MB", "2*MB"), Move(Near + " + 1*MB", "2*MB", Far), 3, 1),

        new("1 GiB aligned", Touched(Low, "1*GB", 512, "2*MB"), Move(Low, "1*GB", High), 1, 0),
        new("2 GiB aligned", Touched(Low, "2*GB", 1024, "2*MB"), Move(Low, "2*GB", High), 2, 0),
        new("1 GiB+4K aligned", Touched(Low, "1*GB + 4*KB", 513, "2*MB"), Move(Low, "1*GB + 4*KB", High), 3, 2),
        new("1 GiB to +2M", Touched(Low, "1*GB", 512, "2*MB"), Move(Low, "1*GB", High + " + 2*MB"), 513, 2),
        new("1 GiB+1M, 1 GiB, congruent mod 1G, tail populated", Touched(Low + " + 1*MB", "1*GB", 513, "2*MB", "-4*KB"), Move(Low + " + 1*MB", "1*GB", High + " + 1*MB"), 3, 2),
        new("1 GiB+1M, 3 GiB, congruent mod 1G, tail populated", Touched(Low + " + 1*MB", "3*GB", 1537, "2*MB", "-4*KB"), Move(Low + " + 1*MB", "3*GB", High + " + 1*MB"), 5, 2),
        new("1 GiB+1M, 3 GiB, not congruent", Touched(Low + " + 1*MB", "3*GB", 3072, "1*MB"), Move(Low + " + 1*MB", "3*GB", High), 3076, 1539),
        new("+2M, 3 GiB, congruent mod 1G", Touched(Low + " + 2*MB", "3*GB", 1536, "2*MB"), Move(Low + " + 2*MB", "3*GB", High + " + 2*MB"), 515, 2),
        new("3 GiB aligned, one page", Touched(Low, "3*GB", 1, "2*MB"), Move(Low, "3*GB", High), 1, 0),
        new("3 GiB aligned, untouched", Map(Low, "3*GB"), Move(Low, "3*GB", High), 0, 0),
        new("64 MiB aligned, 2 PMDs used", Touched(Near, "64*MB", 2, "20*MB"), Move(Near, "64*MB", Far), 2, 0),
        new("64 MiB aligned, 2 PMDs used, to +4K", Touched(Near, "64*MB", 2, "20*MB"), Move(Near, "64*MB", Far + " + 4*KB"), 3, 4),

        new("2M aligned, DONTNEED whole: the table is freed", Filled(Near, "2*MB") + DontNeed(Near, "2*MB"), Move(Near, "2*MB", Far), 0, 0),
        new("2M aligned, DONTNEED in halves: an empty table", EmptyTable, Move(Near, "2*MB", Far), 1, 0),
        new("2M aligned, DONTNEED in halves, to +4K", EmptyTable, Move(Near, "2*MB", Far + " + 4*KB"), 1, 2),
        new("DONTNEED 1 GiB, then a 1 GiB move", Touched(Low, "1*GB", 512, "2*MB") + DontNeed(Low, "1*GB"), Move(Low, "1*GB", High), 1, 0),

        new("THP 2M aligned", LargePage, Move(Near, "2*MB", Far), 1, 0, InvolvesThp: true),
        new("THP 2M to +1M", LargePage, Move(Near, "2*MB", Far + " + 1*MB"), 4, 2, InvolvesThp: true),
        new("FIXED+DONTUNMAP, 2M aligned", Filled(Near, "2*MB"), MoveAndKeep(Near, "2*MB", Far), 1, 0),
        new("FIXED+DONTUNMAP, +1M, 2M", Filled(Near + " + 1*MB", "2*MB"), MoveAndKeep(Near + " + 1*MB", "2*MB", Far + " + 1*MB"), 2, 1),
        new("2M aligned onto a populated 2M", Filled(Near, "2*MB") + Map(Far, "2*MB") + Fill(Far, "2*MB"), Move(Near, "2*MB", Far), 2, 0),
        new("1 GiB aligned into a new 512 GiB slot", Touched(Low, "1*GB", 512, "2*MB"), Move(Low, "1*GB", "BASE + 512*GB"), 1, 1),
    ];

    private static string FirstHalfEmptied => Filled(Near + " + 1*MB", "2*MB") + DontNeed(Near + " + 1*MB", "1*MB");

    private static string EmptyTable => Filled(Near, "2*MB") + DontNeed(Near, "1*MB") + DontNeed(Near + " + 1*MB", "1*MB");

    private static string LargePage => Keeper + Map(Near, "2*MB") + $"madvise({Near}, 2*MB, MADV_HUGEPAGE)\n" + Fill(Near, "2*MB");

    /// <summary>A mapping with every page present.</summary>
    private static string Filled(string start, string length) => Keeper + Map(start, length) + Fill(start, length);

    /// <summary>A mapping with one page present at each of <paramref name="count"/> places: <paramref name="start"/>,
    /// then every <paramref name="stride"/>, the later ones displaced by <paramref name="displacement"/>.</summary>
    private static string Touched(string start, string length, int count, string stride, string displacement = "0")
    {
        var text = new StringBuilder(Keeper + Map(start, length));
        for (int index = 0; index < count; index++)
            text.Append(CultureInfo.InvariantCulture, $"memset({start} + {index}*{stride}{(index == 0 || displacement == "0" ? "" : " " + displacement)}, 1, 1)\n");
        return text.ToString();
    }

    private static string Map(string start, string length) =>
        $"mmap({start}, {length}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n";

    private static string Fill(string start, string length) => $"memset({start}, 1, {length})\n";

    private static string DontNeed(string start, string length) => $"madvise({start}, {length}, MADV_DONTNEED)\n";

    private static string Move(string start, string length, string destination) =>
        $"mremap({start}, {length}, {length}, MREMAP_MAYMOVE|MREMAP_FIXED, {destination})";

    private static string MoveAndKeep(string start, string length, string destination) =>
        $"mremap({start}, {length}, {length}, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, {destination})";
}
