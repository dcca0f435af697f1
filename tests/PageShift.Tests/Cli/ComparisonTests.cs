using PageShift.Cli.Output;
using PageShift.Moving;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The sentence that compares PageShift with the newest Linux is right for every pair of numbers.</summary>
public sealed class ComparisonTests
{
    [Theory]
    [InlineData(512, 2, "pageshift moves 2 PTE where linux-6.7 moves 512 PTE: 2 entries instead of 512.")]
    [InlineData(1024, 513, "pageshift moves 513 PTE where linux-6.7 moves 1,024 PTE: 513 entries instead of 1,024.")]
    [InlineData(512, 511, "pageshift moves 511 PTE where linux-6.7 moves 512 PTE: 511 entries instead of 512.")]
    [InlineData(2, 1, "pageshift moves 1 PTE where linux-6.7 moves 2 PTE: 1 entry instead of 2.")]
    [InlineData(1, 2, "pageshift moves 2 PTE where linux-6.7 moves 1 PTE: 2 entries instead of 1.")]
    [InlineData(1, 1, "pageshift moves as many entries as linux-6.7: 1.")]
    [InlineData(512, 512, "pageshift moves as many entries as linux-6.7: 512.")]
    [InlineData(0, 0, "No page was present, so no entry moved.")]
    public void It_counts_entries_and_never_speaks_of_one_time_fewer(ulong linux, ulong ours, string sentence)
    {
        Assert.Equal(sentence, Comparison.Of(new MoveCost { Pte = linux }, new MoveCost { Pte = ours }));
    }

    [Fact]
    public void Entries_of_several_levels_are_added_up()
    {
        Assert.Equal(
            "pageshift moves 1 PMD, 256 PTE where linux-6.7 moves 512 PTE: 257 entries instead of 512.",
            Comparison.Of(new MoveCost { Pte = 512 }, new MoveCost { Pmd = 1, Pte = 256 }));
    }
}
