using System.Globalization;
using PageShift.Calls.Machines;
using PageShift.Cli.Walking;
using PageShift.Cli.Words;
using PageShift.PageTables;

namespace PageShift.Cli.Output;

/// <summary>An address taken apart, for people.</summary>
internal static class WalkText
{
    private static readonly TextColumn[] Columns =
    [
        new("table", false), new("bits", true), new("in binary", true), new("index", true), new("an entry covers", true), new("this one begins", false),
    ];

    internal static void Write(AddressWalk walk)
    {
        using var output = TextReport.OnStandardOutput();
        output.Line(new StyledLine().Add(Head(walk), TextTone.Strong));
        output.Line();
        output.Table(Columns, [.. walk.Steps.Select(step => Row(walk, step)), OffsetRow(walk)]);
        output.Line();
        foreach (string sentence in Sentences(walk))
            output.Line(sentence);
    }

    /// <summary>What the tables are of.</summary>
    internal static string Head(AddressWalk walk) => walk.Machine is { } machine
        ? $"{walk.Address} on {MachineText.Of(machine)}"
        : string.Create(CultureInfo.InvariantCulture, $"{walk.Address} in tables of {walk.Geometry.EntriesPerTable} entries, {walk.Geometry.Levels} levels");

    private static TextRow Row(AddressWalk walk, in WalkStep step) => new(
        RowTone.Plain,
        [step.Level == walk.Geometry.Root ? $"{Describe.Level(step.Level)}, root" : Describe.Level(step.Level), Bits(step.LowBit, step.Bits), Binary((ulong)step.Index, step.Bits), Describe.Number((ulong)step.Index), Describe.Size(step.Entry.Length), step.Entry.Start.ToString()]);

    private static TextRow OffsetRow(AddressWalk walk) => new(
        RowTone.Plain, ["offset", Bits(0, walk.OffsetBits), Binary(walk.Offset, walk.OffsetBits), Describe.Number(walk.Offset), "1 byte", walk.Address.ToString()]);

    private static string Bits(int low, int count) => count == 1 ? $"{low}" : string.Create(CultureInfo.InvariantCulture, $"{low + count - 1}-{low}");

    private static string Binary(ulong value, int bits) => value.ToString($"b{bits}", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Sentences(AddressWalk walk)
    {
        WalkStep root = walk.Steps[0];
        string tables = string.Concat(walk.Steps.Skip(1).Select(step => string.Create(CultureInfo.InvariantCulture, $", whose entry {Describe.Number((ulong)step.Index)} holds the address of {(step.Level == PageTableLevel.Pte ? "the page" : $"a {Describe.Level(step.Level - 1)} table")}")));
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"On paper: the processor has the address of the {Describe.Level(root.Level)} table. Its entry {Describe.Number((ulong)root.Index)} holds the address of a {Describe.Level(root.Level - 1)} table{tables}. The byte is {Describe.Number(walk.Offset)} into the page.");
        string block = Describe.Size(walk.Geometry.Span(PageTableLevel.Pmd));
        ulong within = walk.OffsetIn(PageTableLevel.Pmd) - walk.Offset;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"The page begins 0x{within:x} into its block of {block}. Places that are as far past a multiple of {block} are congruent to it: only there can a mapping that begins with this page move by PMD entries.");
    }
}
