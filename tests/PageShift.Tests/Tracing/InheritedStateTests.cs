using PageShift.Linux.Tracing;
using PageShift.Tests.Cli;
using PageShift.Tests.House;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>What a program is given at its start. It runs alone: libdw opens files so that every program inherits them that another test happens to start meanwhile.</summary>
[Collection(AloneCollection.Name)]
public sealed class InheritedStateTests
{
    [Fact]
    public void A_program_sees_the_arguments_the_environment_and_the_files_that_it_would_see_untraced()
    {
        // Left out is what the shell, the test platform and ToolEnvironment set only for what is started in the runtime's way.
        string[] command = ["sh", "-c", "exec > \"$1\"; tr '\\0' '\\n' < /proc/$$/cmdline | grep -v pageshift-out; env | grep -v -e ^_= -e ^TESTINGPLATFORM_ -e ^PATH= -e ^PAGESHIFT_PROGRESS= | sort; pwd; umask; ls /proc/$$/fd; grep -E 'Sig(Blk|Cgt)' /proc/self/status", "the name"];
        string traced = Path.Combine(Path.GetTempPath(), $"pageshift-out-{Guid.NewGuid()}");
        string plain = Path.Combine(Path.GetTempPath(), $"pageshift-out-{Guid.NewGuid()}");

        TraceResult result = TracedRun.Of(new EventRecorder(), [.. command, traced, "an argument with 'quotes' and ünïcode"]);
        (int status, string output) = CProgram.Run("/bin/sh", [.. command[1..], plain, "an argument with 'quotes' and ünïcode"]);

        Assert.Equal((0, ""), (status, output));
        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(Comparable(plain, "/bin/sh"), Comparable(traced, "sh"));
        File.Delete(traced);
        File.Delete(plain);
    }

    private static string[] Comparable(string file, string name) =>
        [.. File.ReadAllLines(file).Select((line, index) => index == 0 && line == name ? "sh" : line)];

    /// <summary>.NET raises it for itself.</summary>
    [Fact]
    public void A_program_starts_with_the_limit_of_open_files_that_the_tool_was_started_with()
    {
        TracedRun.SkipUnlessPermitted();

        ToolResult result = Tool.RunUnder(["sh", "-c", "ulimit -Sn 300; \"$@\"; exit $?", "sh"], "trace", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn");
        ToolResult both = Tool.RunUnder(["sh", "-c", "ulimit -n 300; \"$@\"; exit $?", "sh"], "trace", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn");

        string[] limits = result.Output.Split('\n');
        Assert.Equal("300", limits[0]);
        Assert.NotEqual("300", limits[1]);
        Assert.Equal("300\n300\n", both.Output);
    }
}
