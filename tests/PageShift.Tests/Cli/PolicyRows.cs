using System.Text.RegularExpressions;

namespace PageShift.Tests.Cli;

/// <summary>Reads the tables of policies in a report: a row that was broken into lines is one again, and one that several policies share is there for each.</summary>
internal static partial class PolicyRows
{
    private static readonly string[] Policies = ["linux-4.20", "linux-5.0", "linux-5.11", "linux-6.7", "pageshift"];

    internal static IEnumerable<(string Policy, string Row)> Of(IEnumerable<string> lines)
    {
        var rows = new List<string>();
        foreach (string line in lines)
        {
            if (line.StartsWith("        ", StringComparison.Ordinal) && rows.Count != 0)
                rows[^1] += $" {line.Trim()}";
            else
                rows.Add(line.TrimEnd());
        }

        return rows.Select(row => (Row: row, Name: Name().Match(row))).Where(found => found.Name.Success).SelectMany(found => Covered(found.Name).Select(policy => (policy, found.Row)));
    }

    /// <summary>The one row of a policy.</summary>
    internal static string Of(IEnumerable<string> lines, string policy) => Xunit.Assert.Single(Of(lines), found => found.Policy == policy).Row;

    private static IEnumerable<string> Covered(Match name)
    {
        if (name.Groups["all"].Success)
            return Policies;
        int first = Array.IndexOf(Policies, name.Groups["first"].Value);
        int last = name.Groups["last"].Success ? Array.IndexOf(Policies, $"linux-{name.Groups["last"].Value}") : first;
        return Policies[first..(last + 1)].Concat(name.Groups["too"].Success ? ["pageshift"] : []);
    }

    [GeneratedRegex(@"^  ((?<all>every policy)|(?<first>linux-[0-9.]+|pageshift)( … (?<last>[0-9.]+))?(?<too>, pageshift)?)  ")]
    private static partial Regex Name();
}
