using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The script that adds the rule to a source of Linux. The source here is ours: only its names are those that the script looks for.</summary>
public sealed class HookTests : IDisposable
{
    private const string Variables = """
        static void elsewhere(void) { cond_resched(); }

        unsigned long move_page_tables(struct vm_area_struct *vma)
        {
        	struct mmu_notifier_range range;

        	flush_cache_range(vma, old_addr, old_end);
        	mmu_notifier_invalidate_range_start(&range);
        	while (more) {
        		cond_resched();
        		step();
        	}
        	mmu_notifier_invalidate_range_end(&range);
        }

        """;

    private readonly DirectoryInfo _source = Directory.CreateTempSubdirectory("pageshift-hook-");

    public HookTests() => _source.CreateSubdirectory("mm");

    private string MoveFile => Path.Combine(_source.FullName, "mm", "mremap.c");

    public void Dispose() => _source.Delete(recursive: true);

    [Fact]
    public void Each_call_stands_where_it_belongs()
    {
        Assert.Equal((0, ""), Hook(Variables));

        Assert.Equal(
            [
                "#include \"move_whole_entries.h\"", "unsigned long move_page_tables(struct vm_area_struct *vma)", "struct whole_entries whole;",
                "plan_whole_entries(&whole, vma, new_vma, old_addr, old_end, new_addr, uffd_supports_move);", "flush_cache_range(vma, old_addr, old_end);",
                "mmu_notifier_invalidate_range_start(&range);", "old_end = move_last_block_first(&whole);", "cond_resched();",
                "extent = move_whole_entries(&whole, old_addr);", "step();", "mmu_notifier_invalidate_range_end(&range);", "drain_neighbour_rmaps(&whole);",
            ],
            File.ReadLines(MoveFile).Select(l => l.Trim()).Where(l => Regex.IsMatch(l, "^unsigned long move_page|whole|flush_cache|invalidate|^cond|step")));
        Assert.Equal(File.ReadAllText(Repository.Path("linux/move_whole_entries.h")), File.ReadAllText(Path.Combine(_source.FullName, "mm", "move_whole_entries.h")));
    }

    [Fact]
    public void What_is_moved_may_be_in_a_structure()
    {
        Assert.Equal((0, ""), Hook(Variables, "struct pagetable_move_control {"));

        Assert.Contains("\t\textent = move_whole_entries(&whole, pmc->old_addr);", File.ReadLines(MoveFile));
        Assert.Contains("\tpmc->old_end = move_last_block_first(&whole);", File.ReadLines(MoveFile));
    }

    [Theory]
    [InlineData("cond_resched();\n\t\tstep", "step", "0 lines")]
    [InlineData("step();", "cond_resched();", "2 lines")]
    [InlineData("flush_cache_range", "flush_range", "0 lines")]
    [InlineData("unsigned long move_page_tables(", "unsigned long move_tables(", "0 lines")]
    [InlineData("mmu_notifier_invalidate_range_end", "end", "0 lines")]
    public void A_source_in_which_a_place_is_not_found_once_stays_as_it_is(string found, string instead, string count)
    {
        string source = Variables.Replace(found, instead, StringComparison.Ordinal);

        (int code, string message) = Hook(source);

        Assert.Equal(1, code);
        Assert.StartsWith($"hook: {count} instead of one in move_page_tables() match ", message, StringComparison.Ordinal);
        Assert.Equal(source, File.ReadAllText(MoveFile));
        Assert.Equal(["internal.h", "mremap.c"], Directory.EnumerateFiles(Path.GetDirectoryName(MoveFile)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_source_is_hooked_once()
    {
        _ = Hook(Variables);
        string once = File.ReadAllText(MoveFile);

        Assert.Equal((0, ""), Hook(once));

        Assert.Equal(once, File.ReadAllText(MoveFile));
    }

    private (int Code, string Message) Hook(string source, string header = "")
    {
        File.WriteAllText(MoveFile, source);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(MoveFile)!, "internal.h"), header);
        using Process hook = Process.Start(new ProcessStartInfo(Repository.Path("linux/hook"), [_source.FullName])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string message = hook.StandardError.ReadToEnd();
        hook.WaitForExit();
        return (hook.ExitCode, message);
    }
}
