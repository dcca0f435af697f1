using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What a run of the tool left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    internal string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The output as one line: sentences that were broken into lines are whole again.</summary>
    internal string Words => Unbroken(Output);

    /// <summary>Standard error as one line.</summary>
    internal string ErrorWords => Unbroken(Error);

    private static string Unbroken(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The one line on standard error.</summary>
    internal string ErrorLine
    {
        get
        {
            Assert.DoesNotContain("   at ", Error);
            Assert.DoesNotContain("Exception", Error);
            return Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }
}

/// <summary>Runs the built tool as a process of its own, as a user does, in the repository's root.</summary>
internal static class Tool
{
    internal static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "PageShift.Cli.dll");

    internal static ToolResult Run(params string[] arguments) => RunWithInput(null, arguments);

    internal static ToolResult RunWithInput(string? input, params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task writing = Task.Run(() =>
        {
            if (input is not null)
                process.StandardInput.Write(input);
            process.StandardInput.Close();
        });
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        writing.Wait();
        return new ToolResult(process.ExitCode, output, error.Result);
    }

    internal static Process Start(params string[] arguments) => Start("dotnet", [Assembly, .. arguments]);

    /// <summary>Starts the tool in a process group of its own, with the signals' default actions: a run of the tests in the
    /// background of a script ignores SIGINT, and what it starts would inherit that. It tells how far it is.</summary>
    internal static Process StartForSignals(params string[] arguments) =>
        Start("setsid", [.. ToolEnvironment.WithProgress, "--default-signal=INT,TERM", "dotnet", Assembly, .. arguments]);

    /// <summary>Starts the tool, which tells how far it is.</summary>
    internal static Process StartWithProgress(params string[] arguments) => StartUnder(ToolEnvironment.WithProgress, arguments);

    /// <summary>Runs the tool as the last words of another command, such as env or strace with their options.</summary>
    internal static ToolResult RunUnder(string[] command, params string[] arguments)
    {
        using Process process = StartUnder(command, arguments);
        return ResultOf(process);
    }

    /// <summary>Runs another copy of the tool as the last words of another command, in a directory.</summary>
    internal static ToolResult RunCopyUnder(string assembly, string directory, string[] command, params string[] arguments)
    {
        using Process process = Start("/usr/bin/env", [.. command, "dotnet", assembly, .. arguments], directory);
        return ResultOf(process);
    }

    private static ToolResult ResultOf(Process process)
    {
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ToolResult(process.ExitCode, output, error.Result);
    }

    internal static Process StartUnder(string[] command, string[] arguments) => Start("/usr/bin/env", [.. command, "dotnet", Assembly, .. arguments]);

    private static Process Start(string program, string[] arguments, string? directory = null) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = directory ?? Repository.Root,
    })!;

    /// <summary>Runs a log given as text, and returns the JSON that <c>run</c> writes.</summary>
    internal static JsonElement RunToJson(string log, params string[] options)
    {
        ToolResult result = RunWithInput(log, ["run", "-", "--format", "json", .. options]);
        Assert.Equal("", result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    /// <summary>Runs a file of the repository, and returns the JSON that <c>run</c> writes.</summary>
    internal static JsonElement RunFileToJson(string file)
    {
        ToolResult result = Run("run", file, "--format", "json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }
}

/// <summary>A file in the temporary directory, deleted at the end.</summary>
internal sealed class TemporaryFile : IDisposable
{
    internal TemporaryFile(string text = "")
    {
        Name = System.IO.Path.GetTempFileName();
        File.WriteAllText(Name, text);
    }

    internal string Name { get; }

    public void Dispose() => File.Delete(Name);
}
