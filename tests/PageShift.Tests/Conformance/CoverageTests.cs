using PageShift.Verification.Conformance;
using Xunit;

namespace PageShift.Tests.Conformance;

public sealed class CoverageTests
{
    [Fact]
    public void Every_call_and_every_flag_is_shown_by_a_case()
    {
        ConformanceCase[] cases = [.. ConformanceSuite.Cases];
        Assert.Empty(CoverageRows.All.Where(row => !CoverageDocument.CasesOf(row, cases).Any()).Select(row => $"{row.Call} {row.Flag}"));
    }

    [Fact]
    public void The_page_of_Linuxs_coverage_is_up_to_date()
    {
        string path = Repository.Path(CoverageDocument.File);
        string text = CoverageDocument.Write();
        if (Environment.GetEnvironmentVariable("PAGESHIFT_REGENERATE") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }
}
