using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The house's rules for its prose, as far as a machine can see them.</summary>
public sealed partial class LanguageRulesTests
{
    private static IEnumerable<string> TextFiles => Repository.Files().Where(f => !f.EndsWith(".png", StringComparison.Ordinal));

    [Fact]
    public void The_source_is_called_an_email_everywhere()
    {
        string[] naming = [.. TextFiles.Where(f => OldName().IsMatch(File.ReadAllText(Repository.Path(f))))];

        Assert.Empty(naming);
    }

    // It does not match its own text.
    [GeneratedRegex(@"\b(the|a|this)[ _]mail(s|'s)?\b", RegexOptions.IgnoreCase)]
    private static partial Regex OldName();
}
