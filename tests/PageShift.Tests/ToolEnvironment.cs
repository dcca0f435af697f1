using System.Runtime.CompilerServices;
using PageShift.Cli.Output;

namespace PageShift.Tests;

/// <summary>The environment of every tool that a test starts. How far the work is depends on the machine's speed and load, so it is told only to the tests that ask for it.</summary>
internal static class ToolEnvironment
{
    /// <summary>What stands before a command to have it tell how far it is.</summary>
    internal static string[] WithProgress => ["env", "-u", ProgressLine.Variable];

    [ModuleInitializer]
    internal static void Set() => Environment.SetEnvironmentVariable(ProgressLine.Variable, "never");
}
