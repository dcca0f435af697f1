using System.Diagnostics;
using System.Runtime.Versioning;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Where the launcher builds the tool. What builds is a stand-in, which shows which tool would be run.</summary>
[SupportedOSPlatform("linux")]
public sealed class LauncherTests : IDisposable
{
    private const string Dotnet = """
        #!/bin/sh
        case $1 in
        --version) ;;
        build) while [ $# -gt 0 ]; do [ "$1" != -o ] || mkdir -p "$2"; shift; done ;;
        *) echo "$1 reads $(readlink /proc/$$/fd/0)" ;;
        esac
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("launcher of pageshift ").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_checkout_that_can_be_written_to_has_its_tool_in_itself()
    {
        Assert.StartsWith($"{_folder}/checkout/artifacts/tool/", RunTool(["HOME=/nowhere"]));
    }

    [Fact]
    public void Another_checkouts_tool_is_in_the_users_cache()
    {
        MakeUnwritable();

        Assert.StartsWith($"{_folder}/home/.cache/pageshift/", RunTool([$"HOME={_folder}/home"]));
        Assert.StartsWith($"{_folder}/cache/pageshift/", RunTool([$"HOME={_folder}/home", $"XDG_CACHE_HOME={_folder}/cache"]));
    }

    [Fact]
    public void Without_HOME_the_cache_is_in_the_home_of_the_list_of_users()
    {
        MakeUnwritable();

        Assert.StartsWith($"{_folder}/listed/.cache/pageshift/", RunTool(["-u", "HOME"]));
    }

    // The runtime would take its number for a pipe of its own, and the tool would wait for that.
    [Fact]
    public void Where_standard_input_is_closed_it_is_empty()
    {
        Assert.EndsWith(" reads /dev/null\n", RunTool(["HOME=/nowhere", "sh", "-c", "exec env \"$@\" <&-", "sh"]));
    }

    // A file where the directory would be: even root can't make it.
    private void MakeUnwritable() => Write("checkout/artifacts", "");

    private string RunTool(string[] environment)
    {
        string launcher = Write("checkout/pageshift", File.ReadAllText(Repository.Path("pageshift")));
        Write("programs/dotnet", Dotnet);
        Write("programs/getent", $"#!/bin/sh\necho 'somebody:x:1:1::{_folder}/listed:/bin/sh'\n");
        var start = new ProcessStartInfo("env", ["-u", "XDG_CACHE_HOME", .. environment, $"PATH={_folder}/programs:/usr/bin:/bin", launcher, "run"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
