using PageShift.Linux.Processes;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>The stacks of moves: functions, and lines of the source, which are looked up when the program no longer waits.</summary>
public sealed class CallSitesTests
{
    private const string Growing = """
        #line 1 "growing.c"
        #include <dlfcn.h>
        __attribute__((noinline)) static char *grow(char *bytes, size_t size)
        {
            char *grown = realloc(bytes, size);
            return grown == NULL || malloc(1 << 20) == NULL ? NULL : grown;
        }
        __attribute__((noinline)) static char *shift(char *from, char *to)
        {
            return mremap(from, 65536, 65536, MREMAP_MAYMOVE | MREMAP_FIXED, to);
        }

        """;

    [Fact]
    public void A_stack_names_functions_and_the_lines_of_the_programs_own_source()
    {
        FollowedRun run = FollowedRun.OfC(Growing + """
            int main(void)
            {
                char *bytes = ANON(65536), *room = ANON(1 << 20);
                char *grown = grow(malloc(1 << 20), 2 << 20);
                return grown == NULL || grow(grown, 16 << 20) == NULL || shift(bytes, room) != room;
            }
            """);

        AssertStacks(run, ["grow growing.c:4", "grow growing.c:4", "shift growing.c:9"]);
    }

    [Fact]
    public void They_are_right_after_another_file_was_mapped_too()
    {
        FollowedRun run = FollowedRun.OfC(Growing + """
            int main(void)
            {
                char *bytes = ANON(65536), *room = ANON(1 << 20);
                if (shift(bytes, room) != room || dlopen("libBrokenLocale.so.1", RTLD_NOW) == NULL)
                    return 1;
                char *grown = grow(malloc(1 << 20), 2 << 20);
                return grown == NULL || grow(grown, 16 << 20) == NULL;
            }
            """);

        AssertStacks(run, ["shift growing.c:9", "grow growing.c:4", "grow growing.c:4"]);
    }

    private static void AssertStacks(FollowedRun run, string[] sites)
    {
        Assert.SkipUnless(ProcessStacks.IsAvailable, "libdw is not installed.");
        Assert.Equal(sites, run.Moves.Select(m => SiteOf(m.Stack!)));
        Assert.Equal(0, run.EarlySources);
        // The C library's own source is not looked up: where its debug information is installed, that takes longer than many programs run.
        Assert.All(run.Moves, m => Assert.Null(m.Stack!.Frames[0].Source.Value));
    }

    private static string SiteOf(CallStack stack) => $"{stack.Site.Function} {Path.GetFileName(stack.Site.Source.Value?.File)}:{stack.Site.Source.Value?.Line}";
}
