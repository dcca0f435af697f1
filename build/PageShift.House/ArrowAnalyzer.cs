using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PageShift.House;

/// <summary>Holds the arrows between namespaces: reports each use of a type for which <c>arrows.txt</c> has none, and each type in a namespace that it does not know.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ArrowAnalyzer : DiagnosticAnalyzer
{
    private const string File = "arrows.txt";
    private const string House = "PageShift";

    private static readonly DiagnosticDescriptor NoArrow = new(
        "HOUSE1", "A namespace uses what is not below it", "{0} may not use {1}: " + File + " has no arrow from one to the other", "House", DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor NoPlace = new(
        "HOUSE2", "A namespace has no place in the house", "{0} has no line in " + File, "House", DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor NoRules = new(
        "HOUSE3", "The arrows can't be read", File + ": {0}", "House", DiagnosticSeverity.Warning, isEnabledByDefault: true, customTags: WellKnownDiagnosticTags.CompilationEnd);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [NoArrow, NoPlace, NoRules];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        string? text = context.Options.AdditionalFiles.FirstOrDefault(f => Path.GetFileName(f.Path) == File)?.GetText(context.CancellationToken)?.ToString();
        Arrows arrows;
        try
        {
            arrows = new Arrows(text ?? throw new FormatException("not among the additional files"));
        }
        catch (FormatException exception)
        {
            context.RegisterCompilationEndAction(end => end.ReportDiagnostic(Diagnostic.Create(NoRules, Location.None, exception.Message)));
            return;
        }

        context.RegisterSymbolAction(symbol => CheckPlace(symbol, arrows), SymbolKind.NamedType);
        context.RegisterSyntaxNodeAction(node => CheckUse(node, arrows), SyntaxKind.IdentifierName, SyntaxKind.GenericName);
    }

    private static void CheckPlace(SymbolAnalysisContext context, Arrows arrows)
    {
        string place = NameOf(context.Symbol.ContainingNamespace);
        if (!arrows.Knows(place))
            context.ReportDiagnostic(Diagnostic.Create(NoPlace, context.Symbol.Locations.FirstOrDefault(), place));
    }

    private static void CheckUse(SyntaxNodeAnalysisContext context, Arrows arrows)
    {
        // A remark may name what it likes.
        if (context.Node.IsPartOfStructuredTrivia() || context.ContainingSymbol is not { ContainingNamespace: { } home })
            return;
        ISymbol? symbol = context.SemanticModel.GetSymbolInfo(context.Node, context.CancellationToken).Symbol;
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        if (type?.ContainingNamespace is not { IsGlobalNamespace: false } used || RootOf(used) != House)
            return;
        string from = NameOf(home);
        string to = NameOf(used);
        if (!arrows.Allow(from, to))
            context.ReportDiagnostic(Diagnostic.Create(NoArrow, context.Node.GetLocation(), from, to));
    }

    private static string NameOf(INamespaceSymbol symbol) => symbol.ToDisplayString();

    private static string RootOf(INamespaceSymbol symbol)
    {
        while (symbol.ContainingNamespace is { IsGlobalNamespace: false } outer)
            symbol = outer;
        return symbol.Name;
    }
}
