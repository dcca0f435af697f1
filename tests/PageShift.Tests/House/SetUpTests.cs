using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>What the tests need is here. Runs after all others, so that a run of the tests alone ends with what it could not do.</summary>
[Collection(LastCollection.Name)]
public sealed class SetUpTests
{
    [Fact]
    public void All_that_the_tests_need_is_here()
    {
        string[] missing = [.. Programs(), .. Surroundings()];

        Assert.SkipUnless(missing.Length == 0, $"./test sets up what the tests need, as far as it may. Missing here: {string.Join("; ", missing)}.");
        Assert.NotEmpty(Needs);
    }

    [Fact]
    public void Every_need_says_which_packages_bring_it_and_what_it_is_for()
    {
        Assert.All(Needs, need => Assert.True(need is [{ Length: > 0 }, { Length: > 0 }, { Length: > 0 }], string.Join(' ', need)));
    }

    /// <summary>./test takes the distribution's node: Debian 12 has 18.</summary>
    [Fact]
    public void The_pages_tools_run_on_the_node_of_debian()
    {
        const int Debian = 18;
        using var locked = JsonDocument.Parse(File.ReadAllText(Repository.Path("page/package-lock.json")));
        string[] wanted = [.. locked.RootElement.GetProperty("packages").EnumerateObject()
            .Where(p => p.Value.TryGetProperty("engines", out JsonElement engines) && engines.TryGetProperty("node", out _))
            .Select(p => $"{p.Name} {p.Value.GetProperty("engines").GetProperty("node").GetString()}")];

        Assert.NotEmpty(wanted);
        Assert.All(wanted, tool => Assert.InRange(int.Parse(Regex.Match(tool, @">= ?(\d+)").Groups[1].Value, CultureInfo.InvariantCulture), 1, Debian));
    }

    /// <summary>Each line of the list that ./test reads: a program or a file, the packages that bring it, what it is for.</summary>
    private static string[][] Needs { get; } =
        [.. File.ReadLines(Repository.Path("tests/needs.tsv")).Where(l => l is not ("" or ['#', ..])).Select(l => l.Split('\t'))];

    private static IEnumerable<string> Programs() => Needs.Where(n => !IsHere(n[0])).Select(n => $"{n[0]} ({n[2]})");

    private static IEnumerable<string> Surroundings()
    {
        if (!Directory.Exists("/sys/kernel/tracing/events"))
            yield return "tracefs (counting with the kernel's tracepoints)";
        if (!Directory.Exists(Repository.Path("page/node_modules")))
            yield return "page/node_modules (the page's sources)";
        if (TracedRun.Missing is { } reason)
            yield return $"the permission to trace ({reason})";
    }

    private static bool IsHere(string need) => need.StartsWith('/')
        ? File.Exists(need)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => d != "" && File.Exists(Path.Combine(d, need)));
}
