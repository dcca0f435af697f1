using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Cli.Progress;

namespace PageShift.Tests;

/// <summary>The environment of every tool that a test starts.</summary>
internal static class ToolEnvironment
{
    /// <summary>What stands before a command to have it tell how far it is.</summary>
    internal static string[] WithProgress => ["env", "-u", ProgressLine.Variable];

    [ModuleInitializer]
    internal static void Set()
    {
        // How far the work is depends on the machine's speed and load: it is told only to the tests that ask for it.
        Environment.SetEnvironmentVariable(ProgressLine.Variable, "never");

        // The host that runs the tests, whatever else is called dotnet on the path, or nothing.
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        if (File.Exists(Path.Combine(host, "dotnet")))
            Environment.SetEnvironmentVariable("PATH", $"{host}:{Environment.GetEnvironmentVariable("PATH")}");
    }
}
