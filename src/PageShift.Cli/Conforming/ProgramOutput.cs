using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using PageShift.Verification.Conformance;

namespace PageShift.Cli.Conforming;

/// <summary>What one start of a program has written, and how it ended.</summary>
/// <param name="Results">The test points that it came to.</param>
/// <param name="Ending">How it ended, in words.</param>
internal sealed record ProgramOutput(IReadOnlyList<ConformanceResult> Results, string Ending)
{
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    /// <summary>Starts the suite and reads its JSON, in which each test point has a line, until it ends or says nothing for longer than <paramref name="patience"/>; then it is killed.</summary>
    /// <exception cref="NotPossibleException">The program can't be started.</exception>
    internal static ProgramOutput Of(string file, IEnumerable<string> arguments, TimeSpan patience)
    {
        using Process process = Start("--on", file, arguments, "engine, linux, or a command to run the cases behind, such as 'qemu-x86_64-static'");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var results = new List<ConformanceResult>();
        bool isSilent = false;
        try
        {
            while (ReadLine(process.StandardOutput, patience) is { } line)
            {
                if (TryRead(line) is { } result)
                    results.Add(result);
            }
        }
        catch (OperationCanceledException)
        {
            isSilent = true;
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit(AfterKill);
        string said = errors.Wait(AfterKill) ? FirstLine(errors.Result) : "";
        string ending = isSilent ? $"silent for {patience.TotalSeconds:0} s" : process.HasExited ? $"exit code {process.ExitCode}{said}" : "output closed";
        return new ProgramOutput(results, ending);
    }

    /// <summary>Starts a program with all its streams redirected and nothing to read.</summary>
    /// <param name="option">What names it.</param>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="expected">What was expected instead, if it can't be started.</param>
    /// <exception cref="NotPossibleException">It can't be started.</exception>
    internal static Process Start(string option, string file, IEnumerable<string> arguments, string expected)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception error)
        {
            // The exception's own message names the directory, too, and is .NET's.
            throw new NotPossibleException($"{option}: found '{file}', which can't be started ({Marshal.GetPInvokeErrorMessage(error.NativeErrorCode)}), expected {expected}");
        }
    }

    /// <summary>The first line of a program's complaint, to stand behind what went wrong.</summary>
    internal static string FirstLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [string first, ..] ? $": {first.Trim()}" : "";

    private static string? ReadLine(StreamReader reader, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        return reader.ReadLineAsync(limit.Token).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>A test point; null for any other line, and an emulator may write some.</summary>
    private static ConformanceResult? TryRead(string line)
    {
        string text = line.Trim(' ', ',');
        if (!text.StartsWith("{\"case\":", StringComparison.Ordinal))
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ConformanceResult Read(JsonElement one)
    {
        return new ConformanceResult(Text("case")!, Enum.Parse<CaseLevels>(Text("level")!, ignoreCase: true), Enum.Parse<ConformanceOutcome>(Text("outcome")!, ignoreCase: true))
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
