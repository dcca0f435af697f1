using System.Diagnostics;
using System.Globalization;
using PageShift.Verification.Conformance;

namespace PageShift.Cli.Conforming;

/// <summary>Builds the exported suite and runs it, natively or behind a command such as an emulator.</summary>
internal static class ProgramRun
{
    private const int PatienceFactor = 3;
    private static readonly string[] BuildOptions = ["-O1", "-DCONFORM_NOLIBC", "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-fno-pie", "-nostdlib", "-static"];
    private static readonly TimeSpan StartAllowance = TimeSpan.FromSeconds(30);

    /// <summary>The results, in the order of the cases. A case with which the whole system ends, or falls silent, has failed, and the program is started again with the next.</summary>
    /// <param name="command">What the program is run behind; empty for the running kernel.</param>
    /// <param name="cases">The cases.</param>
    /// <param name="options">Options of the program.</param>
    /// <param name="seconds">The time limit of one case.</param>
    /// <exception cref="NotPossibleException">There is no C compiler or no such command, or the command ends before the first case does.</exception>
    internal static IReadOnlyList<ConformanceResult> Run(IReadOnlyList<string> command, IReadOnlyList<ConformanceCase> cases, IReadOnlyList<string> options, int seconds)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pageshift-conform-");
        try
        {
            string source = Path.Combine(directory.FullName, ConformanceProgram.SourceName), program = Path.Combine(directory.FullName, "conform");
            File.WriteAllText(source, ConformanceProgram.Write(cases, SuiteVersion.Text));
            Build(source, program);
            string[] all = [.. command, program, "--json", "--seconds", seconds.ToString(CultureInfo.InvariantCulture), .. options];
            return Run(command, all, cases, (TimeSpan.FromSeconds(seconds) * PatienceFactor) + StartAllowance);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static List<ConformanceResult> Run(IReadOnlyList<string> command, string[] all, IReadOnlyList<ConformanceCase> cases, TimeSpan patience)
    {
        var results = new List<ConformanceResult>();
        for (int next = 0; next < cases.Count;)
        {
            ProgramOutput output = ProgramOutput.Of(all[0], [.. all[1..], "--from", cases[next].Name], patience);
            if (next == 0 && output.Results.Count == 0)
                throw new NotPossibleException($"--on: found '{string.Join(' ', command)}', which ended before the first case did ({output.Ending}), expected a command that runs the program behind it");
            results.AddRange(output.Results);
            if (output.Results.Count > 0)
                next = IndexOf(cases, output.Results[^1].Case) + 1;
            if (next < cases.Count)
                results.AddRange(Ended(cases[next++], output.Ending));
        }

        return results;
    }

    private static int IndexOf(IReadOnlyList<ConformanceCase> cases, string name)
    {
        int index = 0;
        while (cases[index].Name != name)
            index++;
        return index;
    }

    private static IEnumerable<ConformanceResult> Ended(ConformanceCase one, string ending) =>
        EngineConformance.Each(new ExportedCase(one).Levels).Select(level => new ConformanceResult(one.Name, level, ConformanceOutcome.Failed)
        {
            Expected = "the case comes to its end",
            Found = $"the system ended with it: {ending}",
        });

    private static void Build(string source, string program)
    {
        string compiler = Environment.GetEnvironmentVariable("CC") is { Length: > 0 } named ? named : "cc";
        using Process process = ProgramOutput.Start("CC", compiler, [.. BuildOptions, "-o", program, source], "a C compiler, which builds the suite for anything but the engine");
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new NotPossibleException($"CC: found '{compiler}', which can't build the suite, expected gcc or clang{ProgramOutput.FirstLine(errors)}");
    }
}
