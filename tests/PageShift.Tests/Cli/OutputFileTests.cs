using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Files that the tool writes: never the one it reads, never two outputs in one, never half a page left behind.</summary>
public sealed class OutputFileTests : IDisposable
{
    private const string Log = "mmap(0x10000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000\n";
    private const int Interrupted = 130;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pageshift output ");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("a.log")]
    [InlineData("link.log")]
    public void A_page_does_not_overwrite_the_log(string page)
    {
        string log = Write("a.log", Log);
        File.CreateSymbolicLink(PathOf("link.log"), log);

        ToolResult result = Tool.Run("run", log, "--html", PathOf(page));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal($"pageshift: --html: found {PathOf(page)}, which is the log itself, expected another file", result.ErrorLine);
        Assert.Equal(Log, File.ReadAllText(log));
    }

    [Fact]
    public void A_page_of_an_explanation_does_not_overwrite_the_log()
    {
        string log = Write("b.log", File.ReadAllText(Repository.Path("samples/stack.strace")));

        ToolResult result = Tool.Run("explain", $"{log}:6", "--html", log);

        Assert.Equal((2, $"pageshift: --html: found {log}, which is the log itself, expected another file"), (result.ExitCode, result.ErrorLine));
        Assert.Equal(File.ReadAllText(Repository.Path("samples/stack.strace")), File.ReadAllText(log));
    }

    [Fact]
    public void A_directory_is_no_page()
    {
        ToolResult result = Tool.Run("run", "samples/stack.strace", "--html", _directory.FullName);

        Assert.Equal((2, $"pageshift: --html: {_directory.FullName}: found a directory, expected a file's name"), (result.ExitCode, result.ErrorLine));
    }

    [Fact]
    public void A_log_that_can_t_be_read_leaves_no_page_and_keeps_an_earlier_one()
    {
        string log = Write("wrong.log", $"{Log}munmap(nonsense)\n");
        string earlier = Write("earlier.html", "earlier");

        ToolResult[] results = [Tool.Run("run", log, "--html", PathOf("new.html")), Tool.Run("run", log, "--html", earlier)];

        Assert.All(results, result => Assert.Equal(2, result.ExitCode));
        Assert.False(File.Exists(PathOf("new.html")));
        Assert.Equal("earlier", File.ReadAllText(earlier));
    }

    [Fact]
    public void Ctrl_C_leaves_neither_a_page_nor_temporary_files()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent as on Linux.");
        string temporary = _directory.CreateSubdirectory("temporary").FullName;
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Tool.Assembly, "run", "-", "--html", PathOf("page.html")]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["TMPDIR"] = temporary;
        using Process process = Process.Start(start)!;
        for (int i = 0; i < 20_000; i++) // more than is kept in memory
            process.StandardInput.Write(Log);
        process.StandardInput.Flush();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(PathOf("page.html")), HangGuard.Limit));

        using Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        process.WaitForExit();

        Assert.Equal(Interrupted, process.ExitCode);
        Assert.False(File.Exists(PathOf("page.html")));
        Assert.DoesNotContain(Directory.GetFiles(temporary), file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    private string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }
}
