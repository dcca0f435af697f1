using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What a run with --verify says: how much was checked, and nothing where nothing was.</summary>
public sealed class VerdictTests
{
    private const string Map = "mmap(0x10000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";

    [Theory]
    [InlineData(Map + "\n")]
    [InlineData("getpid() = 12\n")]
    [InlineData("100 munmap(0x10000000, 4096 <unfinished ...>\n100 +++ killed by SIGKILL +++\n")]
    [InlineData("shmat(1, NULL, 0) = 0x7f0000000000\n")]
    public void Nothing_checked_is_no_verdict(string log)
    {
        ToolResult result = Tool.RunWithInput(log, "run", "-", "--verify");

        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.Equal("not verified: no memory call of this log has a result that could be checked", result.OutputLines[^1]);
        Assert.Equal(0, Tool.RunWithInput(log, "run", "-").ExitCode);
        Assert.Equal("nothingChecked", JsonDocument.Parse(Tool.RunWithInput(log, "run", "-", "--verify", "--format", "json").Output).RootElement.GetProperty("verdict").GetString());
    }

    [Fact]
    public void What_was_checked_and_what_was_not_is_counted_apart()
    {
        const string Log = $"""
            {Map} = 0x10000000
            mprotect(0x10000000, 4096, PROT_READ)
            munmap(0x10000001, 4096) = -1 EINVAL (Invalid argument)
            madvise(0x10000000, 4096, MADV_DONTNEED) = -1 ENOMEM (Cannot allocate memory) (INJECTED)
            getpid() = 12
            _llseek(3, 0, [0], SEEK_SET) = 0
            ipc(SHMAT, 1, 0, 0x1000, NULL) = 0
            mumap(0x10000000, 4096) = 0
            munmap(zero, 4096) = 0
            hello

            """;

        JsonElement run = JsonDocument.Parse(Tool.RunWithInput(Log, "run", "-", "--verify", "--lenient", "--format", "json").Output).RootElement;
        ToolResult text = Tool.RunWithInput(Log, "run", "-", "--verify", "--lenient");

        JsonElement log = run.GetProperty("log");
        Assert.Equal("verified", run.GetProperty("verdict").GetString());
        Assert.Equal(
            (2, 1, 1, 1, 1, 1, 1),
            (Count("checkedCalls"), Count("callsWithoutResult"), Count("unsupportedCalls"), Count("unknownCalls"), Count("injectedCalls"), Count("warnings"), Count("noiseLines")));
        Assert.Equal(("ipc", "mumap", "10"), (Only("unsupportedNames"), Only("unknownNames"), Only("noiseAt")));
        Assert.Equal(["checked: 2 calls, 1 without a result to check", "verified: every result is as the log says"], text.OutputLines[^2..]);
        Assert.Contains("note: 1 line passed over that is no call (line 10)", text.OutputLines);
        Assert.Contains("note: 1 call left out (the tracer made it fail)", text.OutputLines);

        int Count(string name) => log.GetProperty(name).GetInt32();
        string? Only(string name) => Assert.Single(log.GetProperty(name).EnumerateArray()).GetString();
    }

    [Fact]
    public void Without_verify_there_is_no_verdict()
    {
        JsonElement run = Tool.RunToJson($"{Map} = 0x10000000\n");

        Assert.False(run.TryGetProperty("verdict", out _));
        Assert.Equal(0, run.GetProperty("log").GetProperty("checkedCalls").GetInt32());
    }
}
