using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>The moves of followed programs: which pages were present, what each policy would move, and what stands in the way.</summary>
public sealed class FollowedMoveTests
{
    // At these places of the address space nothing else is, so that the figures are the email's.
    private const string Prelude = """
        #define MB (1ul << 20)
        #define AT(a, n) mmap((void *)(a), (n), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
        #define TO(a) ((void *)(a))

        """;

    [Fact]
    public void The_emails_test_program_moves_two_entries()
    {
        FollowedRun run = FollowedRun.OfC(Prelude + """
            int main(void)
            {
                char *old = AT(0x8100000, 2 * MB);
                memset(old, 1, 2 * MB);
                return mremap(old, 2 * MB, 2 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, TO(0x7f00000)) != TO(0x7f00000);
            }
            """);

        FollowedMove move = Assert.Single(run.Moves);
        Assert.Equal((512UL, true, PageTableLevel.Pmd), (move.PresentPages, move.IsExact, move.Congruence));
        Assert.Equal((0UL, 512UL), (move.Under(MovePolicy.Linux67).Cost.Pmd, move.Under(MovePolicy.Linux67).Cost.Pte));
        Assert.Equal((2UL, 0UL), (move.Under(MovePolicy.PageShift).Cost.Pmd, move.Under(MovePolicy.PageShift).Cost.Pte));
        Assert.Equal("mremap(0x8100000, 2097152, 2097152, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f00000) = 0x7f00000", move.Call);
        Assert.True(move.ElapsedNanoseconds > 0);
    }

    [Fact]
    public void Only_the_pages_that_were_touched_count()
    {
        FollowedRun run = FollowedRun.OfC(Prelude + """
            int main(void)
            {
                char *old = AT(0x8101000, 4 * MB);
                old[0] = old[5 * 4096] = old[4 * MB - 1] = 1;
                return mremap(old, 4 * MB, 4 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, TO(0x20000000)) != TO(0x20000000);
            }
            """);

        FollowedMove move = Assert.Single(run.Moves);
        Assert.Equal((3UL, PageTableLevel.Pte), (move.PresentPages, move.Congruence));
        Assert.All(move.Plans, plan => Assert.Equal(3UL, plan.Cost.Pte));
    }

    [Fact]
    public void A_congruent_destination_is_planned_and_not_guessed()
    {
        FollowedRun run = FollowedRun.OfC(Prelude + """
            int main(void)
            {
                char *old = AT(0x8101000, 4 * MB);
                memset(old, 1, 4 * MB);
                return mremap(old, 4 * MB, 4 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, TO(0x20000000)) != TO(0x20000000);
            }
            """);

        FollowedMove move = Assert.Single(run.Moves);
        CongruentForecast forecast = Assert.IsType<CongruentForecast>(move.Congruent);
        Assert.Equal(0x101000UL, forecast.Destination.Value & ((2 << 20) - 1));
        Assert.Equal((3UL, 0UL), (forecast.PageShift.Cost.Pmd, forecast.PageShift.Cost.Pte));
        Assert.Equal(forecast.PageShift, move.BestPlaced(MovePolicy.PageShift));
        Assert.True(forecast.Linux.Cost.Entries is > 3 and < 1024);
    }

    [Theory]
    [InlineData("0x8000000", BoundaryOutcome.EntryInSource, MoveEnd.Start)]
    [InlineData("0x8300000", BoundaryOutcome.EntryInSource, MoveEnd.End)]
    [InlineData("0x20000000", BoundaryOutcome.EntryInDestination, MoveEnd.Start)]
    public void A_neighbours_page_stands_in_the_way(string neighbour, BoundaryOutcome outcome, MoveEnd end)
    {
        FollowedRun run = FollowedRun.OfC(Prelude + $$"""
            int main(void)
            {
                *(char *)AT({{neighbour}}, 4096) = 1;
                char *old = AT(0x8100000, 2 * MB);
                memset(old, 1, 2 * MB);
                return mremap(old, 2 * MB, 2 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, TO(0x20100000)) != TO(0x20100000);
            }
            """);

        FollowedMove move = Assert.Single(run.Moves);
        BoundaryDecision decision = Assert.Single(move.Under(MovePolicy.PageShift).Boundaries, b => b.Outcome == outcome);
        Assert.Equal((end, PageTableLevel.Pmd), (decision.End, decision.Level));
    }

    [Fact]
    public void A_neighbour_without_a_page_stands_only_in_Linuxs_way()
    {
        FollowedRun run = FollowedRun.OfC(Prelude + """
            int main(void)
            {
                AT(0x8000000, 4096);
                char *old = AT(0x8100000, 2 * MB);
                memset(old, 1, 2 * MB);
                return mremap(old, 2 * MB, 2 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, TO(0x20100000)) != TO(0x20100000);
            }
            """);

        FollowedMove move = Assert.Single(run.Moves);
        Assert.Equal(2UL, move.Under(MovePolicy.PageShift).Cost.Entries);
        Assert.Equal(512UL, move.Under(MovePolicy.Linux67).Cost.Entries);
    }

    [Fact]
    public void A_large_page_moves_as_one_entry()
    {
        FollowedRun run = FollowedRun.OfC(Prelude + """
            int main(void)
            {
                char *old = AT(0x8000000, 2 * MB);
                if (madvise(old, 2 * MB, MADV_HUGEPAGE) != 0)
                    return 1;
                memset(old, 1, 2 * MB);
                return mremap(old, 2 * MB, 2 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, TO(0x20000000)) != TO(0x20000000);
            }
            """);

        FollowedMove move = Assert.Single(run.Moves);
        Assert.Equal(512UL, move.PresentPages);
        Assert.SkipWhen(move.Under(MovePolicy.Linux420).Cost.Pte == 512, "The kernel had no large page to give.");
        Assert.Equal((1UL, 0UL), (move.Under(MovePolicy.Linux420).Cost.Pmd, move.Under(MovePolicy.Linux420).Cost.Pte));
    }

    [Fact]
    public void A_call_site_is_named_by_its_caller()
    {
        FollowedRun run = FollowedRun.OfC("""
            int main(void)
            {
                char *grown = malloc(1 << 20);
                for (size_t n = 1 << 20; n <= 64 << 20; n *= 2) {
                    grown = realloc(grown, n);
                    if (grown == NULL || malloc(1 << 20) == NULL)
                        return 1;
                    memset(grown, 1, n);
                }
                return 0;
            }
            """);

        Assert.NotEmpty(run.Moves);
        Assert.All(run.Moves, move =>
        {
            Assert.StartsWith("libc.so", move.Site.Call, StringComparison.Ordinal);
            Assert.StartsWith("program+0x", move.Site.Caller, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void What_grows_in_place_is_grown_in_place()
    {
        FollowedRun run = FollowedRun.OfC("""
            int main(void)
            {
                char *a = ANON(8 << 20);
                munmap(a + 4096, (8 << 20) - 4096);
                memset(a, 1, 4096);
                for (size_t n = 1; n < 1024; n *= 2)
                {
                    if (mremap(a, n * 4096, 2 * n * 4096, MREMAP_MAYMOVE) != a)
                        return 1;
                }
                return mremap(a, 1024 * 4096, 1100 * 4096 + 1, 0) != a;
            }
            """);

        Assert.Empty(run.Moves);
    }
}
