using System.Diagnostics;
using System.Text;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Inputs that have no end are refused as soon as that is clear.</summary>
public sealed class EndlessLogTests
{
    private const string LongLine = "found more text, expected the end of the line after at most 1048576 bytes";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("--strict")]
    public void A_line_is_refused_when_it_is_too_long_not_when_it_ends(string option)
    {
        ToolResult result = Tool.Run(["run", "/dev/zero", .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"/dev/zero:1:1048577: {LongLine}", result.ErrorLine);
    }

    [Fact]
    public void With_lenient_the_search_for_the_end_of_a_line_ends()
    {
        ToolResult result = Tool.Run("run", "/dev/zero", "--lenient");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("/dev/zero:1:1: found a line of more than 256 MiB, expected a log of system calls", result.ErrorLine);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--lenient")]
    public void Endless_noise_is_refused(string option)
    {
        ToolResult result = Tool.Run(["run", "/dev/urandom", .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(": found ", result.ErrorLine);
    }

    [Fact]
    public async Task Standard_input_need_not_end()
    {
        using Process process = Tool.Start("run", "-");
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        await process.StandardInput.BaseStream.WriteAsync(Encoding.ASCII.GetBytes(new string('a', 1 << 20)), Cancellation);
        await process.StandardInput.BaseStream.FlushAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation); // it is not closed

        Assert.Equal(2, process.ExitCode);
        Assert.StartsWith($"-:1:1048577: {LongLine}", await error);
    }

    [Fact]
    public async Task A_pipe_need_not_end()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string pipe = Path.Combine(folder, "pipe");
        Process.Start("mkfifo", pipe).WaitForExit();
        using Process process = Tool.Start("run", pipe);
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        await using (FileStream writer = File.Open(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await writer.WriteAsync(Encoding.ASCII.GetBytes("brk(NULL) = 0x1000\n" + new string('a', 1 << 20)), Cancellation);
            await writer.FlushAsync(Cancellation);
            await process.WaitForExitAsync(Cancellation);
        }

        Directory.Delete(folder, recursive: true);
        Assert.Equal(2, process.ExitCode);
        Assert.StartsWith($"{pipe}:2:1048577: {LongLine}", await error);
    }
}
