using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using PageShift.Verification.Conformance;

namespace PageShift.Cli.Conforming;

/// <summary>Builds the exported suite and runs it, natively or behind a command such as an emulator.</summary>
internal static class ProgramRun
{
    private static readonly string[] BuildOptions = ["-O1", "-DCONFORM_NOLIBC", "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-fno-pie", "-nostdlib", "-static"];

    /// <summary>The results, in the order of the cases.</summary>
    /// <param name="command">What the program is run behind; empty for the running kernel.</param>
    /// <param name="cases">The cases.</param>
    /// <param name="options">Options of the program.</param>
    /// <exception cref="NotPossibleException">There is no C compiler or no such command, or the command ends before the suite does.</exception>
    internal static IReadOnlyList<ConformanceResult> Run(IReadOnlyList<string> command, IReadOnlyList<ConformanceCase> cases, IReadOnlyList<string> options)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pageshift-conform-");
        try
        {
            string source = Path.Combine(directory.FullName, ConformanceProgram.SourceName), program = Path.Combine(directory.FullName, "conform");
            File.WriteAllText(source, ConformanceProgram.Write(cases, SuiteVersion.Text));
            Build(source, program);
            string[] all = [.. command, program, "--json", .. options];
            (int status, string output, string errors) = Start(all[0], all[1..], "--on");
            return Read(output) ?? throw new NotPossibleException($"--on: '{string.Join(' ', command)}' ended before the suite did, with exit code {status}{FirstLine(errors)}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void Build(string source, string program)
    {
        string compiler = Environment.GetEnvironmentVariable("CC") is { Length: > 0 } named ? named : "cc";
        (int status, _, string errors) = Start(compiler, [.. BuildOptions, "-o", program, source], "a C compiler is needed to run the suite on anything but the engine (set CC)");
        if (status != 0)
            throw new NotPossibleException($"'{compiler}' can't build the suite{FirstLine(errors)}");
    }

    private static string FirstLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [string first, ..] ? $": {first.Trim()}" : "";

    private static (int Status, string Output, string Errors) Start(string file, IEnumerable<string> arguments, string what)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, errors.Result);
        }
        catch (Win32Exception error)
        {
            throw new NotPossibleException($"{what}: '{file}' can't be started: {error.Message}");
        }
    }

    private static IReadOnlyList<ConformanceResult>? Read(string output)
    {
        int start = output.IndexOf('{', StringComparison.Ordinal); // an emulator may write before
        try
        {
            using JsonDocument document = JsonDocument.Parse(start < 0 ? "" : output[start..]);
            return [.. document.RootElement.GetProperty("results").EnumerateArray().Select(ReadOne)];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ConformanceResult ReadOne(JsonElement one)
    {
        ConformanceOutcome outcome = Text("outcome") switch
        {
            "passed" => ConformanceOutcome.Passed,
            "failed" => ConformanceOutcome.Failed,
            _ => ConformanceOutcome.NotApplicable,
        };
        return new ConformanceResult(Text("case")!, Enum.Parse<CaseLevels>(Text("level")!, ignoreCase: true), outcome)
        {
            Reason = Text("reason"),
            Line = Text("line"),
            After = Text("after"),
            Expected = Text("expected"),
            Found = Text("found"),
        };

        string? Text(string name) => one.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
    }
}
