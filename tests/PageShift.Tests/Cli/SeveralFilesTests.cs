using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The files of one strace -ff, read as one log.</summary>
public sealed class SeveralFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void With_times_the_calls_are_in_their_order()
    {
        string parent = Write("log.100", """
            23:59:58.000001 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000
            23:59:58.000010 clone(child_stack=0x7f0000080000, flags=CLONE_VM|CLONE_THREAD|CLONE_SIGHAND) = 101
            23:59:59.000020 munmap(0x7f0000100000, 65536) = 0
            00:00:01.000050 mremap(0x7f0000100000, 65536, 131072, MREMAP_MAYMOVE) = 0x7f0000300000
            """);
        string child = Write("log.101", """
            23:59:58.000015 getpid() = 100
            00:00:00.000030 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000
            """);

        JsonElement run = Run(child, parent);

        Assert.Equal((0, 0, 6), Counts(run));
        JsonElement move = Assert.Single(run.GetProperty("moves").EnumerateArray());
        Assert.Equal((parent, 4, 100), (move.GetProperty("file").GetString(), move.GetProperty("line").GetInt32(), move.GetProperty("thread").GetInt32()));
    }

    [Fact]
    public void Without_times_a_process_follows_the_fork_that_made_it()
    {
        string parent = Write("log.100", """
            mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000
            clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 101
            munmap(0x7f0000100000, 65536) = 0
            +++ exited with 0 +++
            """);
        string child = Write("log.101", "mremap(0x7f0000100000, 65536, 131072, MREMAP_MAYMOVE) = 0x7f0000300000\n+++ exited with 0 +++\n");

        JsonElement run = Run(parent, child);

        Assert.Equal((0, 0, 4), Counts(run));
        Assert.Equal(101, Assert.Single(run.GetProperty("moves").EnumerateArray()).GetProperty("thread").GetInt32());
    }

    [Fact]
    public void What_cannot_be_read_is_named_with_its_own_file_and_line()
    {
        string good = Write("log.100", "getpid() = 100\n");
        string bad = Write("log.101", "getpid() = 100\nmunmap(q, 1) = 0\n");
        string diverging = Write("log.102", "getpid() = 100\nmunmap(0x1, 4096) = 0\n");

        Assert.StartsWith($"{bad}:2:8: found 'q'", Tool.Run("run", good, bad).ErrorLine);
        Assert.Contains($"{diverging}:2: munmap diverges: expected 0x0, got EINVAL", Tool.Run("run", good, diverging, "--verify").OutputLines);
    }

    private static JsonElement Run(params string[] files)
    {
        ToolResult result = Tool.Run(["run", .. files, "--verify", "--format", "json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static (int Divergences, int Inferred, int Calls) Counts(JsonElement run) =>
        (run.GetProperty("divergenceCount").GetInt32(), run.GetProperty("log").GetProperty("inferredMappings").GetInt32(), run.GetProperty("calls").GetInt32());

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text + "\n");
        return path;
    }
}
