using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using PageShift.House;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The arrows between namespaces: that they go one way, that the compiler holds them, and that the picture shows them.</summary>
public sealed partial class ArrowTests
{
    private const string Rules = "PageShift.Above: PageShift.Below\nPageShift.Below:\n";
    private const string Below = "namespace PageShift.Below { public class Thing { public int Size; } }";

    private static Arrows Held => new(File.ReadAllText(Repository.Path("arrows.txt")));

    [Fact]
    public void Arrows_go_one_way()
    {
        Arrows arrows = Held;
        var above = new HashSet<string>();
        var done = new HashSet<string>();

        Assert.All(arrows.Namespaces, Visit);

        void Visit(string name)
        {
            if (done.Contains(name))
                return;
            Assert.True(above.Add(name), $"{name} uses itself by way of others");
            foreach (string used in arrows.UsedBy(name).Where(used => !IsInside(name, used) && !IsInside(used, name)))
                Visit(used);
            above.Remove(name);
            done.Add(name);
        }
    }

    [Fact]
    public void Every_namespace_of_the_sources_has_its_line()
    {
        IEnumerable<string> namespaces = Repository.Files().Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal))
            .Select(f => Namespace().Match(File.ReadAllText(Repository.Path(f)))).Where(m => m.Success).Select(m => m.Groups["name"].Value).Distinct();

        Assert.Equal(namespaces.Order(StringComparer.Ordinal), Held.Namespaces.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_picture_of_the_house_shows_the_arrows()
    {
        Arrows arrows = Held;
        Dictionary<string, HashSet<string>> rooms = arrows.Namespaces.GroupBy(RoomOf).ToDictionary(
            room => room.Key, room => room.SelectMany(arrows.UsedBy).Select(RoomOf).Where(used => used != room.Key).ToHashSet());
        // An arrow that others imply is not drawn.
        IEnumerable<string> expected = rooms.SelectMany(room => room.Value.Where(used => !room.Value.Any(other => other != used && Reaches(rooms, other, used))).Select(used => $"{room.Key} --> {used}"));

        IEnumerable<string> drawn = Arrow().Matches(Picture().Match(File.ReadAllText(Repository.Path("CONTRIBUTING.md"))).Value).Select(m => $"{m.Groups["from"].Value} --> {m.Groups["to"].Value}");

        Assert.Equal(expected.Order(StringComparer.Ordinal), drawn.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("class User { PageShift.Below.Thing? _thing; }")]
    [InlineData("class User { object Make() => new PageShift.Below.Thing(); }")]
    [InlineData("class User { /// <summary><see cref=\"PageShift.Hidden.Other\"/></summary>\nint _size; }")]
    public async Task A_use_with_an_arrow_is_allowed(string user) => Assert.Empty(await Analyze(Rules, Below, $"namespace PageShift.Above {{ {user} }}"));

    [Theory]
    [InlineData("class User { PageShift.Above.Thing? _thing; }")]
    [InlineData("class User { int Of(object thing) => thing is PageShift.Above.Thing ? 1 : 0; }")]
    [InlineData("class User { int Size() => PageShift.Above.Factory.Thing.Size; }")]
    [InlineData("class User { System.Collections.Generic.List<PageShift.Above.Thing>? _things; }")]
    public async Task A_use_without_an_arrow_is_reported(string user)
    {
        const string Above = "namespace PageShift.Above { public class Thing { public int Size; } public static class Factory { public static Thing Thing = new(); } }";

        Assert.NotEmpty(await Analyze(Rules, Above, $"namespace PageShift.Below {{ {user} }}"));
        Assert.All(await Analyze(Rules, Above, $"namespace PageShift.Below {{ {user} }}"), d => Assert.Equal("HOUSE1", d));
    }

    [Fact]
    public async Task A_namespace_without_a_line_is_reported() => Assert.Equal(["HOUSE2"], await Analyze(Rules, "namespace PageShift.Elsewhere { class Thing; }"));

    [Theory]
    [InlineData("PageShift.Above PageShift.Below")]
    [InlineData("PageShift.Above: PageShift.Nowhere")]
    public async Task Rules_that_can_not_be_read_are_reported(string rules) => Assert.Equal(["HOUSE3"], await Analyze(rules, Below));

    private static async Task<string[]> Analyze(string rules, params string[] sources)
    {
        var compilation = CSharpCompilation.Create(
            "Example",
            sources.Select(source => CSharpSyntaxTree.ParseText(source, CSharpParseOptions.Default.WithDocumentationMode(DocumentationMode.Parse))),
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(f => Path.GetFileName(f).StartsWith("System.", StringComparison.Ordinal)).Select(f => MetadataReference.CreateFromFile(f)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Assert.DoesNotContain(compilation.GetDiagnostics(TestContext.Current.CancellationToken), d => d.Severity == DiagnosticSeverity.Error);
        CompilationWithAnalyzers analysis = compilation.WithAnalyzers([new ArrowAnalyzer()], new AnalyzerOptions([new Text("arrows.txt", rules)]));
        return [.. (await analysis.GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken)).Select(d => d.Id)];
    }

    private static bool IsInside(string outer, string inner) => inner.StartsWith($"{outer}.", StringComparison.Ordinal);

    private static bool Reaches(Dictionary<string, HashSet<string>> rooms, string from, string to) => rooms[from].Any(used => used == to || Reaches(rooms, used, to));

    /// <summary>A room of the engine by its name, all others by their project's.</summary>
    private static string RoomOf(string name) => name.Split('.')[1];

    private sealed class Text(string path, string text) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex("```mermaid\n.*?```", RegexOptions.Singleline)]
    private static partial Regex Picture();

    [GeneratedRegex(@"^\s*(?<from>\w+) --> (?<to>\w+)$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
