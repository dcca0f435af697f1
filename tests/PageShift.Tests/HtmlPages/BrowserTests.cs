using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PageShift.Tests.Cli;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.HtmlPages;

/// <summary>The page in a real browser: the checks are in page/tests, and run once, together.</summary>
public sealed class BrowserTests(BrowserRun run) : IClassFixture<BrowserRun>
{
    public static TheoryData<string> Checks =>
    [
        "loads_in_both_themes_without_complaint_and_fits_from_400_pixels_on",
        "prints_all_that_matters_and_no_controls",
        "every_control_and_drawing_has_a_name",
        "the_slider_the_list_and_the_timeline_choose_a_call",
        "the_buttons_go_from_move_to_move",
        "the_search_and_the_box_leave_what_they_say",
        "the_space_zooms_from_all_of_it_to_one_page",
        "the_page_tables_of_the_run_are_those_of_the_page",
        "the_space_follows_buttons_keys_and_the_wheel",
        "the_drawing_of_the_space_shows_the_move_and_earlier_ones",
        "entries_travel_from_their_old_slots_to_the_new_ones",
        "play_runs_to_the_end_and_can_be_paused",
        "without_motion_play_jumps_to_the_end",
        "columns_sort_both_ways_and_rows_lead_to_their_explanation",
        "an_address_with_a_move_opens_it",
        "the_theme_is_the_systems_until_it_is_chosen",
        "a_keyboard_reaches_every_control",
        "the_ladder_is_the_jsons",
        "a_bar_is_as_long_as_its_number_and_shows_its_parts",
        "the_list_of_moves_is_the_jsons",
        "calls_and_mappings_are_those_of_the_log",
        "the_ends_are_explained_as_the_json_says",
        "pages_and_tables_of_other_processors_are_drawn_as_they_are",
        "a_thousand_moves_and_a_hundred_thousand_calls_stay_small",
        "the_first_screen_does_not_wait_for_the_calls",
        "a_frame_of_scrolling_makes_only_rows_in_sight",
        "a_choice_draws_a_bounded_number_of_strokes",
        "twenty_thousand_moves_load_and_answer",
        "the_first_screen_has_the_headline_the_drawing_and_the_ladder",
        "the_headline_is_what_congruent_places_would_save",
        "a_congruent_place_has_its_drawing",
        "the_call_sites_add_up_and_leave_only_their_moves",
        "the_time_of_the_moves_is_part_of_the_runs",
        "what_the_kernel_counted_stands_in_the_list",
        "traced_programs_fit_from_400_pixels_on",
        "two_runs_stand_in_two_columns",
        "what_the_kernel_did_stands_beside_the_prediction",
    ];

    [Theory]
    [MemberData(nameof(Checks))]
    public void The_page_keeps_its_promise(string check)
    {
        run.SkipUnlessPossible();

        string? outcome = run.Outcomes.GetProperty(check).GetString();
        Assert.SkipWhen(outcome?.StartsWith("skip: ", StringComparison.Ordinal) == true, outcome ?? "");
        Assert.Null(outcome);
    }

    [Fact]
    public void Every_check_of_the_browser_is_a_test_here()
    {
        run.SkipUnlessPossible();

        Assert.Equal(run.Outcomes.EnumerateObject().Select(o => o.Name).Order(), Checks.Select(row => row.Data).Order());
    }
}

/// <summary>One run of all checks in the browser.</summary>
public sealed class BrowserRun : IDisposable
{
    private const int ManyCalls = 100_000;

    private readonly DirectoryInfo _pages = Directory.CreateTempSubdirectory("pageshift-pages-");
    private readonly string? _missing = PageTools.Missing ?? (PageTools.Browser is null ? "no Chromium is installed" : null);

    public BrowserRun()
    {
        if (_missing is not null)
            return;
        foreach (string sample in (string[])["linus-2023", "stack", "neighbour", "one-level-up", "realloc"])
            Write(sample, Repository.Path($"samples/{sample}.strace"));
        string log = Path.Combine(_pages.FullName, "log");
        File.WriteAllText(log, "mmap(0x10000000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000000\n");
        Write("nothing", log);
        File.WriteAllText(log, "mremap(0x3000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x13000) = 0x13000\n");
        Write("small", log, "--geometry", "3x4");
        Write("five-levels", Repository.Path("samples/linus-2023.strace"), "--geometry", "5x512");
        File.WriteAllText(log, """
            mmap(0x8101000, 4190208, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x8101000
            mremap(0x8101000, 4190208, 4190208, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20101000) = 0x20101000

            """);
        Write("mixed", log);
        foreach (string machine in (string[])["arm64-16k", "arm64-64k", "ppc64", "s390x"])
            Write(machine, Repository.Path($"tests/logs/{machine}.log"));
        WriteManyCalls(log, between: 5);
        Write("many", log, "--populate", "none");
        WriteManyCalls(log, between: 100);
        Write("large", log);
        WriteMeasured();
        WriteTraces();
        Outcomes = JsonDocument.Parse(PageTools.Node("tests/browser.mjs", PageTools.Browser!, _pages.FullName)).RootElement;
    }

    /// <summary>For each check null, or what went wrong.</summary>
    internal JsonElement Outcomes { get; }

    public void Dispose() => _pages.Delete(recursive: true);

    internal void SkipUnlessPossible()
    {
        if (_missing is { } reason)
            Assert.Skip(reason);
    }

    /// <summary>Writes a log of many calls, one in <paramref name="between"/> of which moves.</summary>
    private static void WriteManyCalls(string log, int between)
    {
        var text = new StringBuilder();
        for (int i = 0; i < ManyCalls / 5; i++)
        {
            bool moves = i * 5 % between == 0;
            ulong at = 0x7f00_0000_0000UL + ((ulong)(i % 1000) << 24);
            text.Append(CultureInfo.InvariantCulture, $"""
                mmap(0x{at:x}, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x{at:x}
                madvise(0x{at:x}, 2097152, MADV_NOHUGEPAGE) = 0
                mprotect(0x{at:x}, 4096, PROT_READ) = 0
                {(moves ? $"mremap(0x{at + 0x1000:x}, 2093056, 2093056, MREMAP_MAYMOVE|MREMAP_FIXED, 0x{at + 0x801000:x}) = 0x{at + 0x801000:x}" : $"madvise(0x{at:x}, 4096, MADV_HUGEPAGE) = 0")}
                munmap(0x{at + (moves ? 0x801000UL : 0):x}, {(i % 10 == 0 ? 4096 : 2093056)}) = 0

                """);
        }

        File.WriteAllText(log, text.ToString());
    }

    /// <summary>Writes a page with what the running kernel did, where it can be asked.</summary>
    private void WriteMeasured()
    {
        string page = Path.Combine(_pages.FullName, "measured.html");
        ToolResult result = Tool.Run("run", Repository.Path("samples/linus-2023.strace"), "--on", "both", "--format", "json", "--html", page);
        if (result.ExitCode is 0 or 1)
            File.WriteAllText(Path.Combine(_pages.FullName, "measured.json"), result.Output);
        else
            File.Delete(page);
    }

    /// <summary>Writes the pages of a traced program, where one can be traced: it grows two blocks from two places, each time to where it can't grow.</summary>
    private void WriteTraces()
    {
        if (TracedRun.Missing is not null || PageTools.Compiler is null)
            return;
        using var program = new CProgram("""
            static char *grow(char *a, size_t n)
            {
                mmap(a + n, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
                a = mremap(a, n, n + (2 << 20) + 4096, MREMAP_MAYMOVE);
                memset(a, 1, n + (2 << 20) + 4096);
                return a;
            }
            __attribute__((noinline)) static char *first(char *a, size_t n) { a = grow(a, n); return a; }
            __attribute__((noinline)) static char *second(char *a, size_t n) { a = grow(a, n); return a; }
            int main(void)
            {
                size_t n = 4 << 20;
                char *a = ANON(n), *b = ANON(n);
                memset(a, 1, n);
                memset(b, 1, n);
                for (int i = 0; i < 6; i++) {
                    a = first(a, n);
                    if (i & 1)
                        b = second(b, 4 << 20);
                    n += (2 << 20) + 4096;
                }
                return a == MAP_FAILED || b == MAP_FAILED;
            }
            """);
        Trace("traced", program.Path, "--count");
        Trace("compared", program.Path, "--compare");
    }

    private void Trace(string name, string program, params string[] options)
    {
        string report = Path.Combine(_pages.FullName, $"{name}.json");
        ToolResult result = Tool.Run(["trace", .. options, "--format", "json", "--report", report, "--html", Path.Combine(_pages.FullName, $"{name}.html"), "--", program]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    private void Write(string name, string log, params string[] options)
    {
        ToolResult result = Tool.Run(["run", log, "--format", "json", "--html", Path.Combine(_pages.FullName, $"{name}.html"), .. options]);
        Assert.Equal(0, result.ExitCode);
        File.WriteAllText(Path.Combine(_pages.FullName, $"{name}.json"), result.Output);
    }
}

/// <summary>The programs that build the page and look at it.</summary>
internal static class PageTools
{
    /// <summary>The browser, if there is one.</summary>
    internal static string? Browser { get; } = Find("chromium") ?? Find("chromium-browser") ?? Find("google-chrome");

    /// <summary>The compiler of C, if there is one.</summary>
    internal static string? Compiler { get; } = Find("gcc");

    /// <summary>Why the page's tools can't be run here; null when they can.</summary>
    internal static string? Missing { get; } = Find("node") is null
        ? "no node is installed"
        : Directory.Exists(Repository.Path("page/node_modules/playwright-core")) ? null : "page/node_modules is not there: run 'npm ci' in page/";

    /// <summary>Runs a script of page/, and returns what it prints.</summary>
    internal static string Node(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = Repository.Path("page"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process node = Process.Start(start)!;
        Task<string> error = node.StandardError.ReadToEndAsync();
        string output = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        return node.ExitCode == 0 ? output : throw new InvalidOperationException($"node {script} ended with {node.ExitCode}: {error.Result}");
    }

    private static string? Find(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
