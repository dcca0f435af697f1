using System.Globalization;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Words;

/// <summary>Costs and sizes in words.</summary>
internal static class Describe
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>The entries that move, highest level first: "1 PMD, 256 PTE".</summary>
    internal static string Entries(in MoveCost cost)
    {
        if (cost.Entries == 0)
            return "nothing";
        var parts = new List<string>();
        for (PageTableLevel level = PageTableLevel.Pgd; level >= PageTableLevel.Pte; level--)
        {
            if (cost.At(level) != 0)
                parts.Add($"{Number(cost.At(level))} {Level(level)}");
        }

        return string.Join(", ", parts);
    }

    internal static string Level(PageTableLevel level) => level.ToString().ToUpperInvariant();

    internal static string Number(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A size, exactly, in the largest unit in which it has at most two decimals: "2 MiB", "402.75 MiB", "2,052 KiB".</summary>
    internal static string Size(ByteLength length) => Size(length.Value);

    /// <inheritdoc cref="Size(ByteLength)"/>
    internal static string Size(ulong bytes)
    {
        int unit = Units.Length - 1;
        while (unit > 0 && ((bytes >> (10 * unit)) == 0 || ((UInt128)bytes * 100 & ((UInt128.One << (10 * unit)) - 1)) != 0))
            unit--;
        decimal value = bytes / (decimal)(1UL << (10 * unit));
        return string.Create(CultureInfo.InvariantCulture, $"{value:#,0.##} {Units[unit]}");
    }

    /// <summary>A size to about three digits: "403 MiB", "1.25 GiB"; exactly where that is as short.</summary>
    internal static string Rounded(ByteLength length)
    {
        int unit = Units.Length - 1;
        while (unit > 0 && length.Value >> (10 * unit) == 0)
            unit--;
        decimal value = length.Value / (decimal)(1UL << (10 * unit));
        int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, decimals):#,0.##} {Units[unit]}");
    }

    /// <summary>A number of entries of any level: "1 entry", "512 entries".</summary>
    internal static string EntryCount(ulong entries) => entries == 1 ? "1 entry" : $"{Number(entries)} entries";

    /// <summary>What is said behind two numbers of their ratio: ": 1.4 to 1", ": 95 to 1". Nothing of one that would read as 1 to 1, as the numbers are not the same.</summary>
    internal static string Ratio(double ratio, string separator)
    {
        double rounded = Math.Round(ratio, ratio >= 10 ? 0 : 1);
        return rounded == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{separator}{rounded:#,0.#} to 1");
    }

    /// <summary>A number of things: "1 move", "1,024 moves".</summary>
    internal static string Count(long count, string noun) => $"{Number((ulong)count)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>A text from elsewhere, such as a name: what is not meant to be printed, such as a newline, is shown as an escape sequence.</summary>
    internal static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()));

    /// <summary>Results that what was seen does not explain: "2 results not explained".</summary>
    internal static string Unexplained(long results) => $"{Count(results, "result")} not explained";

    /// <summary>Which pages were taken to be present in a log's address spaces.</summary>
    internal static string Presence(LogStatistics statistics, PopulateAssumption populate)
    {
        if (statistics.StatedSpaces == 0)
            return Assumption(populate);
        return statistics.StatedSpaces >= statistics.AddressSpaces
            ? "present: the pages that the log names"
            : $"present: the pages that the log names; in other address spaces {Assumption(populate)}";
    }

    /// <summary>Which machine a log was taken to be from, and why; nothing for the usual one.</summary>
    internal static string Machine(Machine machine) => machine.Because switch
    {
        null => "",
        "" => $"taken for {MachineText.Of(machine)}",
        var why => $"taken for {MachineText.Of(machine)}: {why}",
    };

    /// <summary>How many lines of a log are no calls, and which: "3 lines passed over that are no calls (lines 2, 7-8)".</summary>
    internal static string Noise(in CallLogCounts counts, IReadOnlyList<LineRange> lines)
    {
        string more = lines.Sum(range => range.Last - range.First + 1) < counts.NoiseLines ? ", ..." : "";
        string places = lines.Count == 0 ? "" : $" (line{(counts.NoiseLines == 1 ? "" : "s")} {string.Join(", ", lines)}{more})";
        return $"{Count(counts.NoiseLines, "line")} passed over that {(counts.NoiseLines == 1 ? "is no call" : "are no calls")}{places}";
    }

    private static string Assumption(PopulateAssumption populate) => populate switch
    {
        PopulateAssumption.All => "assumed present: every private writable page",
        PopulateAssumption.Written => "assumed present: the pages that memset lines wrote",
        _ => "assumed present: only the pages that calls populate",
    };

    /// <summary>How far source and destination are congruent.</summary>
    internal static string Congruence(PageTableLevel level, PagingGeometry geometry) =>
        level == PageTableLevel.Pte ? "not congruent" : $"congruent modulo {Size(geometry.Span(level))}";
}
