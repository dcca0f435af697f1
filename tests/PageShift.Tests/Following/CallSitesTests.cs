using PageShift.Linux.Processes;
using PageShift.Tests.Tracing;
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

    [Fact]
    public void The_library_that_makes_the_call_is_shown_without_lines_though_it_has_them()
    {
        using var program = new CProgram("""
            #line 1 "main.c"
            #include <dlfcn.h>
            int main(int count, char **arguments)
            {
                char *bytes = ANON(65536), *room = ANON(1 << 20);
                void *(*shift)(void *, void *) = dlsym(dlopen(arguments[1], RTLD_NOW), "shift");
                return shift(bytes, room) != room;
            }
            """);
        string source = program.PathOf("moving.c"), library = program.PathOf("moving.so");
        File.WriteAllText(source, """
            void *shift(void *from, void *to)
            {
                register long flags __asm__("r10") = 3;
                register void *place __asm__("r8") = to;
                long result;
                __asm__ volatile("syscall" : "=a"(result) : "a"(25L), "D"(from), "S"(65536L), "d"(65536L), "r"(flags), "r"(place) : "rcx", "r11", "memory");
                return (void *)result;
            }
            """);
        Assert.Equal((0, ""), CProgram.Run("/usr/bin/gcc", "-O1", "-g", "-shared", "-fPIC", "-o", library, source));

        FollowedMove move = Assert.Single(FollowedRun.Of(program.Path, library).Moves);

        Assert.SkipUnless(ProcessStacks.IsAvailable, "libdw is not installed.");
        Assert.Equal(("shift", null), (move.Stack!.Frames[0].Function, move.Stack.Frames[0].Source.Value));
        Assert.Equal("main main.c:6", SiteOf(move.Stack));
    }

    private static void AssertStacks(FollowedRun run, string[] sites)
    {
        Assert.SkipUnless(ProcessStacks.IsAvailable, "libdw is not installed.");
        Assert.Equal(sites, run.Moves.Select(m => SiteOf(m.Stack!)));
        Assert.Equal(0, run.EarlySources);
    }

    private static string SiteOf(CallStack stack) => $"{stack.Site.Function} {Path.GetFileName(stack.Site.Source.Value?.File)}:{stack.Site.Source.Value?.Line}";
}
