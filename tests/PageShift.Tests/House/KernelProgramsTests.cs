using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The programs that run on booted kernels. A warning of the compiler is shown nowhere else.</summary>
public sealed class KernelProgramsTests
{
    [Theory]
    [InlineData("linux/hammer.c")]
    [InlineData("linux/execve.c")]
    [InlineData("tests/kernels/features.c")]
    public void They_compile_without_a_warning(string program)
    {
        string? compiler = Array.Find((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), d => File.Exists(Path.Combine(d, "gcc")));
        Assert.SkipWhen(compiler is null, "There is no gcc.");
        string[] arguments = ["-O2", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", Repository.Path(program)];

        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(compiler, "gcc"), arguments) { RedirectStandardError = true })!;
        string complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.True(process.ExitCode == 0, complaint);
    }
}
