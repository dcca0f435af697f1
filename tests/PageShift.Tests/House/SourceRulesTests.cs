using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The house's rules, as far as a machine can see them.</summary>
public sealed partial class SourceRulesTests
{
    private const int MostLines = 500;

    /// <summary>Which projects a project may refer to.</summary>
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["PageShift"] = [],
        ["PageShift.Calls"] = ["PageShift"],
        ["PageShift.Linux"] = ["PageShift"],
        ["PageShift.Verification"] = ["PageShift", "PageShift.Calls", "PageShift.Linux"],
        ["PageShift.Memory"] = [],
        ["PageShift.Measurement"] = ["PageShift", "PageShift.Calls", "PageShift.Linux", "PageShift.Memory"],
        ["PageShift.Cli"] = ["PageShift", "PageShift.Calls", "PageShift.Linux", "PageShift.Verification", "PageShift.Measurement"],
    };

    public static TheoryData<string> ProjectNames => [.. Projects.Keys];

    private static IEnumerable<string> Sources => Repository.Files().Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal));

    [Fact]
    public void Unsafe_code_stands_only_in_files_that_say_so()
    {
        string[] confined = [.. Sources.Where(f => f.EndsWith(".Unsafe.cs", StringComparison.Ordinal) || f.Contains("/Interop/", StringComparison.Ordinal))];
        string[] unsafeElsewhere = [.. Sources.Except(confined).Where(f => UnsafeCode().IsMatch(Code(f)))];

        Assert.Empty(unsafeElsewhere);
        Assert.Contains(confined, f => UnsafeCode().IsMatch(Code(f)));
    }

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void Projects_refer_only_to_what_is_below_them(string project)
    {
        IEnumerable<string> references = XDocument.Load(Repository.Path($"src/{project}/{project}.csproj")).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));

        Assert.Empty(references.Except(Projects[project]));
    }

    [Fact]
    public void The_engine_depends_on_no_package()
    {
        // An analyzer, which is kept private, is no part of what is built.
        Assert.All(XDocument.Load(Repository.Path("src/PageShift/PageShift.csproj")).Descendants("PackageReference"), r => Assert.Equal("all", (string?)r.Attribute("PrivateAssets")));
    }

    [Fact]
    public void The_engine_asks_nothing_of_its_host()
    {
        Assert.DoesNotContain(Sources.Where(f => f.StartsWith("src/PageShift/", StringComparison.Ordinal)), f => HostCall().IsMatch(Code(f)));
        Assert.Contains(Sources, f => HostCall().IsMatch(Code(f)));
    }

    [Fact]
    public void Every_project_is_covered_here() => Assert.Equal(Projects.Keys.Order(), Sources.Select(f => f.Split('/')[1]).Distinct().Order());

    [Fact]
    public void No_file_names_a_place_on_someones_machine()
    {
        string[] text = [.. Repository.Files().Where(f => !f.EndsWith(".png", StringComparison.Ordinal))];
        string[] naming = [.. text.Where(f => MachinePath().IsMatch(File.ReadAllText(Repository.Path(f))))];

        Assert.Empty(naming);
    }

    [Fact]
    public void No_source_file_is_longer_than_its_subject()
    {
        string[] code = [.. Repository.Files().Where(f => f.EndsWith(".cs", StringComparison.Ordinal))];

        Assert.DoesNotContain(code, f => File.ReadLines(Repository.Path(f)).Count() > MostLines);
    }

    [Fact]
    public void No_type_has_a_name_that_says_nothing()
    {
        Assert.DoesNotContain(Repository.Files(), f => f.EndsWith(".cs", StringComparison.Ordinal) && EmptyName().IsMatch(Path.GetFileNameWithoutExtension(f)));
    }

    private static string Code(string file) => Comment().Replace(File.ReadAllText(Repository.Path(file)), "");

    [GeneratedRegex(@"\bDllImport\b|\bLibraryImport\b|\bGetEnvironmentVariable|\bProcess\.|\bFile\.(Open|Read|Write|Exists)")]
    private static partial Regex HostCall();

    [GeneratedRegex(@"\bunsafe\s|\bUnsafe\.|\bMemoryMarshal\.")]
    private static partial Regex UnsafeCode();

    [GeneratedRegex("//.*")]
    private static partial Regex Comment();

    [GeneratedRegex("(^|[^a-z0-9<(\"])/(root|work|tmp/wt)[/-]", RegexOptions.IgnoreCase)]
    private static partial Regex MachinePath();

    [GeneratedRegex("(Helper|Manager|Util|Utils|Misc)s?$")]
    private static partial Regex EmptyName();
}
