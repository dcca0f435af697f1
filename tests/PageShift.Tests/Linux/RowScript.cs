using System.Globalization;
using PageShift.Abi;

namespace PageShift.Tests.Linux;

/// <summary>One line of a row, read: its name and its arguments as numbers.</summary>
internal readonly record struct RowCall(string Name, ulong[] Arguments)
{
    internal SystemCallNumber Number => Name switch
    {
        "mmap" => SystemCallNumber.Map,
        "munmap" => SystemCallNumber.Unmap,
        "madvise" => SystemCallNumber.Advise,
        "mremap" => SystemCallNumber.Remap,
        _ => throw new FormatException($"A row has the unknown call '{Name}'."),
    };

    internal ulong this[int index] => index < Arguments.Length ? Arguments[index] : 0;
}

/// <summary>Reads the calls of a row, independently of the reader under test in PageShift.Calls.</summary>
internal static class RowScript
{
    private static readonly Dictionary<string, ulong> Names = new(StringComparer.Ordinal)
    {
        ["KB"] = 1UL << 10,
        ["MB"] = 1UL << 20,
        ["GB"] = 1UL << 30,
        ["PROT_READ"] = (ulong)Protection.Read,
        ["PROT_WRITE"] = (ulong)Protection.Write,
        ["MAP_PRIVATE"] = (ulong)MapFlags.Private,
        ["MAP_FIXED"] = (ulong)MapFlags.Fixed,
        ["MAP_ANONYMOUS"] = (ulong)MapFlags.Anonymous,
        ["MAP_NORESERVE"] = (ulong)MapFlags.NoReserve,
        ["MREMAP_MAYMOVE"] = (ulong)RemapFlags.MayMove,
        ["MREMAP_FIXED"] = (ulong)RemapFlags.Fixed,
        ["MREMAP_DONTUNMAP"] = (ulong)RemapFlags.DontUnmap,
        ["MADV_DONTNEED"] = (ulong)Advice.DontNeed,
        ["MADV_HUGEPAGE"] = (ulong)Advice.HugePage,
    };

    internal static IEnumerable<RowCall> Read(string text, ulong baseAddress) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => ReadLine(line, baseAddress));

    private static RowCall ReadLine(string line, ulong baseAddress)
    {
        int open = line.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || line[^1] != ')') throw new FormatException($"'{line}' is no call.");
        return new RowCall(line[..open], [.. line[(open + 1)..^1].Split(',').Select(argument => Flags(argument, baseAddress))]);
    }

    private static ulong Flags(string text, ulong baseAddress) =>
        text.Split('|').Aggregate(0UL, (flags, part) => flags | Sum(part, baseAddress));

    private static ulong Sum(string text, ulong baseAddress)
    {
        ulong sum = 0;
        foreach (string term in text.Replace("-", "+-", StringComparison.Ordinal).Split('+', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            bool negative = term[0] == '-';
            ulong product = term.TrimStart('-').Split('*').Aggregate(1UL, (value, factor) => checked(value * Number(factor.Trim(), baseAddress)));
            sum = unchecked(negative ? sum - product : sum + product);
        }

        return sum;
    }

    private static ulong Number(string text, ulong baseAddress) =>
        text == "BASE" ? baseAddress : Names.TryGetValue(text, out ulong value) ? value : ulong.Parse(text, CultureInfo.InvariantCulture);
}
