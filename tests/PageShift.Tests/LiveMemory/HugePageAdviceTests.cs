using System.Globalization;
using PageShift.Memory;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Advice on huge pages holds wherever a buffer goes, and the count of its pieces knows of it.</summary>
public sealed class HugePageAdviceTests
{
    private const string NoAdvice = "The kernel takes no advice on huge pages, or does not show it.";

    private static readonly long Page = Environment.SystemPageSize;

    private static readonly Action<PageBuffer>[] Changes =
    [
        b => { }, b => { b.Resize(10 * Page); b.Resize(64 * Page); }, b => b.DropFront(3 * Page), b => b.Slide(5 * Page), b => b.Reserve(b.Capacity + 1), b => b.Insert(7 * Page, 9 * Page), b => b.Remove(4 * Page, 2 * Page),
        b => { b.Remove(0, b.Length); b.Resize(20 * Page); },
    ];

    [Theory]
    [InlineData(true, "hg")]
    [InlineData(false, "nh")]
    public void It_holds_for_all_that_is_mapped_later(bool wanted, string flag)
    {
        using var buffer = new PageBuffer(64 * Page, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical });
        buffer.Write(0, [1]);
        Assert.SkipUnless(KernelShowsFlags() && buffer.AdviseHugePages(wanted), NoAdvice);
        foreach (Action<PageBuffer> change in Changes)
        {
            change(buffer);
            buffer.Write(0, [1]);
            AssertAdvised(buffer, flag);
        }

        using PageBuffer rest = buffer.Split(10 * Page);
        rest.Resize(rest.Capacity);
        AssertAdvised(rest, flag);
    }

    [Fact]
    public void What_was_split_off_before_does_not_merge_again()
    {
        using var buffer = new PageBuffer(64 * Page, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical });
        for (int i = 0; i < 64; i++)
            buffer.Write(i * Page, [1]);
        using PageBuffer rest = buffer.Split(32 * Page);
        Assert.SkipUnless(KernelShowsFlags() && buffer.AdviseHugePages(true), NoAdvice);
        buffer.Append(rest);

        Assert.InRange(buffer.PieceCount, FlagsOfMappings(buffer).Count, 2);
    }

    private static bool KernelShowsFlags() => File.Exists("/proc/self/smaps") && File.ReadLines("/proc/self/smaps").Any(line => line.StartsWith("VmFlags:", StringComparison.Ordinal));

    private static void AssertAdvised(PageBuffer buffer, string flag)
    {
        List<string[]> mappings = FlagsOfMappings(buffer);
        Assert.NotEmpty(mappings);
        Assert.All(mappings, flags => Assert.Contains(flag, flags));
        Assert.True(buffer.PieceCount >= mappings.Count, $"{buffer.PieceCount} pieces are {mappings.Count} mappings.");
    }

    /// <summary>The flags of each of the process's mappings in a buffer.</summary>
    private static List<string[]> FlagsOfMappings(PageBuffer buffer)
    {
        var start = (ulong)buffer.GetPointer(0);
        ulong end = start + (ulong)buffer.Length;
        var found = new List<string[]>();
        bool isInside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] range = words[0].Split('-');
            if (range.Length == 2 && ulong.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong first))
                isInside = first < end && ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) > start;
            else if (isInside && words[0] == "VmFlags:")
                found.Add(words);
        }

        return found;
    }
}
