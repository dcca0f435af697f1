using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The functions that are added to Linux, on a model of page tables; and with faults, which the model has to find.</summary>
public sealed class WholeEntriesModelTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pageshift-model-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Every_page_is_where_it_belongs()
    {
        (int code, string output) = Run(functions => functions);

        Assert.True(code == 0, output);
        Assert.Matches("^model: 20000 moves, [1-9][0-9]* PMDs and [1-9][0-9]* PUDs moved whole, .* [1-9][0-9]* empty tables freed;", output);
    }

    [Theory]
    [InlineData("if ((long)w->shift < 0)", "if (1)")] // the last block does not leave first
    [InlineData("lives_in(mm, block, min(w->old_start, block + size)) ||", "")]
    [InlineData("lives_in(mm, max(w->old_end, block), block + size) ||", "")]
    [InlineData("w->end_size = size == PUD_SIZE ? PMD_SIZE : 0;", "")]
    [InlineData("pte_free_defer(mm, pmd_pgtable(table));", "")]
    [InlineData("take_rmap_locks(vma);", "")] // a file's empty table could be taken away at the same time
    [InlineData("tlb_remove_table_sync_one();", "")]
    public void A_fault_is_found(string found, string instead)
    {
        (int code, string output) = Run(functions =>
        {
            Assert.Contains(found, functions, StringComparison.Ordinal);
            return functions.Replace(found, instead, StringComparison.Ordinal);
        });

        Assert.True(code == 1, output);
    }

    private (int Code, string Output) Run(Func<string, string> change)
    {
        string? compiler = Array.Find((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), d => File.Exists(Path.Combine(d, "gcc")));
        Assert.SkipWhen(compiler is null, "There is no gcc.");
        string model = Path.Combine(_folder.FullName, "model");
        File.WriteAllText(Path.Combine(_folder.FullName, "move_whole_entries.h"), change(File.ReadAllText(Repository.Path("linux/move_whole_entries.h"))));
        File.Copy(Repository.Path("linux/model.c"), model + ".c");
        (int compiled, string complaint) = Start(Path.Combine(compiler, "gcc"), "-O1", "-w", "-o", model, model + ".c");
        Assert.True(compiled == 0, complaint);
        return Start(model, "20000");
    }

    private static (int Code, string Output) Start(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
