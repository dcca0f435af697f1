using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>What ./test makes of the words of dotnet.</summary>
public sealed class TestReportTests
{
    private const string Said = """
        Running tests from /a/Tests.dll (net10.0|x64)
        passed A.One (1ms)
          from /a/Tests.dll (net10.0|x64)
        skipped A.Two
          The kernel does not allow it.
          from /a/Tests.dll (net10.0|x64)
        skipped A.Three (0ms)
          from /a/Tests.dll (net10.0|x64)
          Another reason.
        failed A.Four (3ms)
          Assert.Equal() Failure
        skipped A.Five
          The kernel does not allow it.
        skipped A.Six
          The kernel does not allow it.
        skipped A.Seven
          The kernel does not allow it.
        Test run summary: Failed!
          total: 7
        """;

    [Fact]
    public void Each_skip_has_its_reason_and_the_last_line_is_the_sum()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("pageshift-report-");

        string[] lines = Report(folder.FullName, Said);

        Assert.Contains("failed A.Four (3ms)", lines);
        Assert.Contains("  Assert.Equal() Failure", lines);
        string[] reasons = [.. lines.SkipWhile(l => !l.StartsWith("skipped ", StringComparison.Ordinal))];
        Assert.Equal("1 passed, 1 failed, 5 skipped", reasons[^1]);
        Assert.Equal(
            ["     ...", "     A.Five", "     A.Six", "     A.Three", "     A.Two", "skipped 1: Another reason.", "skipped 4: The kernel does not allow it."],
            reasons[..^1].Order(StringComparer.Ordinal));
        folder.Delete(); // which has to be empty: nothing is written beside the output
    }

    private static string[] Report(string directory, string said)
    {
        using Process awk = Process.Start(new ProcessStartInfo("awk", ["-f", Repository.Path("tests/report.awk")])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        awk.StandardInput.Write(said + "\n");
        awk.StandardInput.Close();
        string output = awk.StandardOutput.ReadToEnd();
        awk.WaitForExit();
        Assert.Equal(0, awk.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
