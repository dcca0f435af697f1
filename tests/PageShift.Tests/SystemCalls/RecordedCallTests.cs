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
        var differences = new List<(string What, string History)>();
        RecordedProcess? process = null;
        int start = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("# history", StringComparison.Ordinal))
            {
                process?.Dispose();
                process = new RecordedProcess(isLarge: file.StartsWith("large", StringComparison.Ordinal));
                start = i;
            }

            if (process?.Repeat(lines[i]) is not { } difference)
                continue;
            differences.Add(($"line {i + 1}: {lines[i]}{difference}", string.Join('\n', lines[start..(i + 1)])));
            process.Dispose();
            process = null;
        }

        process?.Dispose();
        if (differences.Count == 0)
            return;
        string all = string.Join('\n', differences.Select(difference => difference.What));
        Assert.Fail($"{differences.Count} histories differ:\n{all}\nThe shortest is\n{differences.MinBy(difference => difference.History.Length).History}");
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "PageShift.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
