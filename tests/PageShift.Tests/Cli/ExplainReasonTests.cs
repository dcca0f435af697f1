using System.Text.Json;
using PageShift.Moving;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>For each outcome at a boundary: the reason that is given, and that what is said to change it does change it.</summary>
public sealed class ExplainReasonTests
{
    private const string Neighbour = "mmap(128*MB, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";
    private const string BesideDestination = "mmap(64*MB, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";
    private const string TwoLargePages = "mmap(128*MB, 4*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";

    // The email's mapping, moved far away: nothing is in the way.
    private static readonly string[] Far = Explained.Options("0x8100000", "0x4100000", "2*MB");

    public static TheoryData<BoundaryOutcome, string, string, string[], string, string, string[]> Obstacles => new()
    {
        {
            BoundaryOutcome.EntryInSource, "pageshift", "start", [.. Far, "--with", Neighbour],
            "opened: 1 page at 0x8000000 is not part of the move, and would move along", "unmap [0x8000000, 0x8001000), or MADV_DONTNEED",
            [.. Far, "--with", Neighbour, "--with", "munmap(0x8000000, 0x1000)"]
        },
        {
            BoundaryOutcome.EntryInSource, "pageshift", "start", [.. Far, "--with", Neighbour],
            "opened: 1 page at 0x8000000 is not part of the move, and would move along", "unmap [0x8000000, 0x8001000), or MADV_DONTNEED",
            [.. Far, "--with", Neighbour, "--with", "madvise(0x8000000, 0x1000, MADV_DONTNEED)"]
        },
        {
            BoundaryOutcome.EntryInDestination, "pageshift", "start", [.. Far, "--with", BesideDestination],
            "opened: at its new place, 1 page at 0x4000000 is not part of the move", "unmap [0x4000000, 0x4001000), or choose a destination whose block of 2 MiB is empty",
            [.. Far, "--with", BesideDestination, "--with", "munmap(0x4000000, 0x1000)"]
        },
        {
            BoundaryOutcome.MappingInSource, "linux-6.7", "start", [.. Far, "--with", Neighbour, "--populate", "written", "--with", "memset(0x8100000, 1, 2*MB)"],
            "opened: a mapping that ends at 0x8001000 reaches into it, with pages or without", "unmap [0x8000000, 0x8001000)",
            [.. Far, "--with", Neighbour, "--with", "munmap(0x8000000, 0x1000)"]
        },
        {
            BoundaryOutcome.MappingInDestination, "linux-6.7", "start", [.. Far, "--with", BesideDestination],
            "opened: a mapping that ends at 0x4001000 reaches into its new place 0x4000000", "unmap [0x4000000, 0x4001000), or choose another destination",
            [.. Far, "--with", BesideDestination, "--with", "munmap(0x4000000, 0x1000)"]
        },
        {
            BoundaryOutcome.MappingInSource, "linux-6.7", "start", Explained.Options("0x8100000", "0x7f00000", "2*MB"),
            "opened: the move's own new mapping reaches into it, up to 0x8100000", "choose a destination at 0x7d00000 or further down",
            Explained.Options("0x8100000", "0x7d00000", "2*MB")
        },
        {
            BoundaryOutcome.MappingInDestination, "linux-6.7", "start", Explained.Options("0x7f00000", "0x8100000", "2*MB"),
            "opened: the move's own old mapping reaches into its new place, up to 0x8100000", "choose a destination at 0x8300000 or further up",
            Explained.Options("0x7f00000", "0x8300000", "2*MB")
        },
        {
            BoundaryOutcome.TooShort, "linux-6.7", "start", Explained.Options("0x8100000", "0x4100000", "512*KB"),
            "opened: the move ends before 0x8200000, the next boundary", "move at least up to 0x8200000",
            Explained.Options("0x8100000", "0x4100000", "1*MB")
        },
        {
            BoundaryOutcome.NotAtMappingStart, "linux-6.7", "start", [.. Explained.Options("0x8101000", "0x4101000", "2*MB"), "--with", "mmap(0x8100000, 4*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"],
            "opened: the move begins inside a mapping, not at its start", "move the mapping from its start",
            [.. Explained.Options("0x8100000", "0x4100000", "2*MB"), "--with", "mmap(0x8100000, 4*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"]
        },
        {
            BoundaryOutcome.NotAtMappingStart, "linux-6.7", "start", [.. Far, "--populate", "none", "--with", "mmap(0x40ff000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"],
            "opened: the new mapping has merged with the one below it", "choose a destination with a hole below it",
            [.. Far, "--populate", "none"]
        },
        {
            BoundaryOutcome.NotCongruent, "linux-6.7", "start", Explained.Options("0x8100000", "0x4101000", "2*MB"),
            "opened: old and new differ modulo 2 MiB", "choose a destination congruent modulo 2 MiB, such as 0x4100000",
            Explained.Options("0x8100000", "0x4100000", "2*MB")
        },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void An_obstacle_is_named_and_what_is_said_to_change_it_does(
        BoundaryOutcome outcome, string policy, string end, string[] arguments, string reason, string remedy, string[] remedied)
    {
        JsonElement move = Explained.Move(arguments);

        Assert.Equal(JsonNamingPolicy.CamelCase.ConvertName(outcome.ToString()), Explained.Outcome(move, policy, end));
        Assert.Equal((reason, remedy), Explained.Reason(move, policy, end));
        Assert.Equal("expanded", Explained.Outcome(Explained.Move(remedied), policy, end));
    }

    [Theory]
    [InlineData("0x8000000", "3*MB")]
    [InlineData("0x8200000", "1*MB")]
    public void A_cut_large_page_is_named_and_a_move_that_begins_at_its_edge_cuts_none(string begin, string length)
    {
        string[] before = ["--populate", "none", "--with", TwoLargePages, "--with", "present(128*MB, 4*MB, 2*MB)"];
        JsonElement move = Explained.Move([.. Explained.Options("0x8100000", "0x4100000", "3*MB"), .. before]);

        Assert.Equal("leafIsCut", Explained.Outcome(move, "pageshift", "start"));
        Assert.Equal(
            ("opened: one large page of 2 MiB fills it, and the move cuts it", "begin the move at 0x8000000 or 0x8200000"),
            Explained.Reason(move, "pageshift", "start"));
        string to = $"0x{Convert.ToUInt64(begin, 16) - 0x4000000:x}";
        Assert.Equal("none", Explained.Outcome(Explained.Move([.. Explained.Options(begin, to, length), .. before]), "pageshift", "start"));
    }

    [Fact]
    public void A_block_in_which_nothing_of_the_move_lives_needs_no_remedy()
    {
        JsonElement move = Explained.Move([.. Explained.Options("0x8100000", "0x4100000", "4*MB", "memset(0x8200000, 1, 2*MB)"), "--populate", "written"]);

        Assert.Equal("nothingThere", Explained.Outcome(move, "pageshift", "start"));
        Assert.Equal(("has no page of the move: no entry has to move", (string?)null), Explained.Reason(move, "pageshift", "start"));
    }

    [Fact]
    public void A_block_that_moves_whole_says_why_it_may()
    {
        JsonElement move = Explained.Move(Far);

        Assert.Equal("moves whole: nothing else lives in it, and nothing stays at its new place 0x4000000", Explained.Reason(move, "pageshift", "start").Reason);
        Assert.Equal("moves whole: no mapping is in the way, neither in it nor at its new place 0x4000000", Explained.Reason(move, "linux-6.7", "start").Reason);
    }

    [Theory]
    [InlineData("64*GB", "32*GB + 1*PAGE", "1*GB", 1, "1 GiB", "0x800000000")]
    [InlineData("1*GB + 1*MB", "1*GB + 3*MB + 1*PAGE", "2*MB", 2, "2 MiB", "0x40300000")]
    [InlineData("1*GB", "1*MB", "2*MB", 1, "2 MiB", "0x200000")]
    public void The_destination_that_is_recommended_is_congruent_and_cheaper(string old, string to, string length, ulong entries, string span, string recommended)
    {
        string text = string.Join(' ', Explained.Text(Explained.Options(old, to, length)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

        Assert.Contains($"choose a destination congruent modulo {span}, such as {recommended}.", text);
        JsonElement policy = Explained.Policy(Explained.Move(Explained.Options(old, recommended, length)), "pageshift");
        Assert.Equal(entries, new[] { "pud", "pmd", "pte" }.Aggregate(0UL, (sum, level) => sum + policy.GetProperty(level).GetUInt64()));
    }

    [Fact]
    public void Every_outcome_has_a_case_here()
    {
        BoundaryOutcome[] elsewhere = [BoundaryOutcome.Expanded, BoundaryOutcome.NothingThere, BoundaryOutcome.LeafIsCut];

        Assert.Equal(Enum.GetValues<BoundaryOutcome>().Order(), elsewhere.Concat(Obstacles.Select(o => o.Data.Item1)).Distinct().Order());
    }
}
