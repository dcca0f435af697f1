using System.Globalization;
using System.Text;
using PageShift.PageTables;

namespace PageShift.Verification.Checking;

/// <summary>Writes a case as a log.</summary>
internal static class CaseLog
{
    internal static string Of(CheckWorld world, IReadOnlyList<PopulatedLeaf> leaves, in CheckMove move)
    {
        var text = new StringBuilder();
        foreach (PopulatedLeaf leaf in leaves)
            text.Append(CultureInfo.InvariantCulture, $"# page {leaf.Page} level {leaf.Level}\n");
        text.Append(CultureInfo.InvariantCulture, $"# {world.Name}: {move} {PageTableLevel.Pte}\n");
        return text.ToString();
    }
}
