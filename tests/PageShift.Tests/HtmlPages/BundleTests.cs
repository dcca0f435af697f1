using PageShift.Tests.Cli;
using Xunit;

namespace PageShift.Tests.HtmlPages;

/// <summary>The page that is embedded in the tool is what its sources give.</summary>
public sealed class BundleTests
{
    [Fact]
    public void The_embedded_page_is_what_its_sources_give()
    {
        if (PageTools.Missing is { } reason)
            Assert.Skip(reason);
        using var built = new TemporaryFile();
        PageTools.Node("build.mjs", built.Name);

        Assert.True(
            File.ReadAllText(built.Name) == File.ReadAllText(Repository.Path("src/PageShift.Cli/Output/Html/page.html")),
            "src/PageShift.Cli/Output/Html/page.html is not what page/ gives: run 'npm ci && npm run build' in page/");
    }

    [Fact]
    public void The_sources_of_the_page_have_no_type_errors()
    {
        if (PageTools.Missing is { } reason)
            Assert.Skip(reason);

        Assert.Equal("", PageTools.Node("node_modules/typescript/bin/tsc", "--noEmit"));
    }
}
