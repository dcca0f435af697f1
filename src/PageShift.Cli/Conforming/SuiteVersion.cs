using System.Reflection;

namespace PageShift.Cli.Conforming;

/// <summary>The version that an exported suite names.</summary>
internal static class SuiteVersion
{
    /// <summary>The tool's version, and the commit it was built from.</summary>
    internal static string Text { get; } = typeof(SuiteVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
