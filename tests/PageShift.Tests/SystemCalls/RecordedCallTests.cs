using Xunit;

namespace PageShift.Tests.SystemCalls;

/// <summary>Histories recorded on Linux 6.18 by Recorded/record.c: every call returns what the kernel returned, and leaves the mappings, flags, pages and
/// bytes that it left. The variable PAGESHIFT_RECORDED_CALLS names a folder of other recordings to repeat instead.</summary>
public class RecordedCallTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path))];

    private static string Folder =>
        Environment.GetEnvironmentVariable("PAGESHIFT_RECORDED_CALLS") ?? Path.Combine(RepositoryRoot(), "tests/PageShift.Tests/SystemCalls/Recorded");

    [Theory]
    [MemberData(nameof(Files))]
    public void The_engine_repeats_what_the_kernel_did(string file)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder, file));
        var failures = new List<string>();
        RecordedProcess? process = null;
        int start = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("# history", StringComparison.Ordinal))
            {
                process?.Dispose();
                process = new RecordedProcess();
                start = i;
            }

            if (process?.Repeat(lines[i]) is not { } difference)
                continue;
            failures.Add($"line {i + 1}: {difference}\n{string.Join('\n', lines[start..(i + 1)])}");
            process.Dispose();
            process = null;
        }

        process?.Dispose();
        Assert.True(failures.Count == 0, $"{failures.Count} histories differ. The shortest:\n{failures.MinBy(text => text.Length)}");
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "PageShift.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
