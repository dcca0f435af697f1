using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.PlantedFaults;

/// <summary>The engine built once more, from sources into which all faults are put; an environment variable chooses the one that acts. Everything that judges the engine runs beside it unchanged.</summary>
internal sealed partial class FaultyEngine : IDisposable
{
    private const string Variable = "PAGESHIFT_PLANTED_FAULT";
    private const string Engine = "PageShift.dll";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pageshift-faulty-");

    internal FaultyEngine()
    {
        WriteSources();
        Build();
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(Programs, Path.GetFileName(file)));
        File.Copy(Path.Combine(_directory.FullName, "built", Engine), Path.Combine(Programs, Engine), overwrite: true);
    }

    private string Programs => Directory.CreateDirectory(Path.Combine(_directory.FullName, "programs")).FullName;

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>Runs one of the programs with the faulty engine; null for no fault.</summary>
    internal (int ExitCode, string Output) Run(PlantedFault? fault, string assembly, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Programs, assembly), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _directory.FullName,
        };
        start.Environment[Variable] = fault?.Name ?? "none";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, Colour().Replace(output + error.Result, ""));
    }

    private void WriteSources()
    {
        string engine = Path.Combine("src", "PageShift");
        IEnumerable<string> files = Repository.Files().Where(file => file.StartsWith("src/PageShift/", StringComparison.Ordinal));
        foreach (string file in files.Concat(["Directory.Build.props", "Directory.Packages.props", "global.json"]))
        {
            string target = Path.Combine(_directory.FullName, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            string text = File.ReadAllText(Repository.Path(file));
            foreach (PlantedFault fault in PlantedFault.All.Where(fault => file == $"src/PageShift/{fault.File}"))
                text = Plant(fault, text);
            File.WriteAllText(target, text);
        }

        File.WriteAllText(Path.Combine(_directory.FullName, engine, "ChosenFault.cs"), $$"""
            namespace PageShift;

            internal static class ChosenFault
            {
                private static readonly string s_name = System.Environment.GetEnvironmentVariable("{{Variable}}") ?? "none";

                internal static bool Is(string name) => s_name == name;
            }
            """);
    }

    private static string Plant(PlantedFault fault, string text)
    {
        int places = Regex.Count(text, Regex.Escape(fault.Sound));
        Assert.True(places == 1, $"The text for '{fault.Name}' stands {places} times in {fault.File}: adapt the fault to the engine.");
        return text.Replace(fault.Sound, fault.Faulty.Replace("FAULT", $"global::PageShift.ChosenFault.Is(\"{fault.Name}\")", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private void Build()
    {
        var start = new ProcessStartInfo("dotnet",
        [
            "build", Path.Combine("src", "PageShift"), "-c", "Release", "-o", "built", "-v", "q", "-p:EnforceCodeStyleInBuild=false", "-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false",
        ])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _directory.FullName,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
    }

    /// <summary>What the test runner writes around words where CI is set, terminal or not.</summary>
    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colour();
}
