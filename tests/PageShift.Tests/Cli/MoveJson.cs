using System.Text.Json;

namespace PageShift.Tests.Cli;

/// <summary>Reads moves out of the JSON of <c>run</c>.</summary>
internal static class MoveJson
{
    private static readonly string[] Levels = ["p4d", "pud", "pmd", "pte"];

    internal static JsonElement Policy(JsonElement move, string policy) =>
        move.GetProperty("policies").EnumerateArray().Single(p => p.GetProperty("policy").GetString() == policy);

    /// <summary>The entries that a policy moves, as the design writes them: "2 PMD", "513 PTE, warned".</summary>
    internal static string Entries(JsonElement move, string policy)
    {
        JsonElement cost = Policy(move, policy);
        var parts = Levels.Where(level => cost.GetProperty(level).GetUInt64() != 0)
            .Select(level => $"{cost.GetProperty(level).GetUInt64()} {level.ToUpperInvariant()}")
            .ToList();
        if (cost.GetProperty("warned").GetBoolean())
            parts.Add("warned");
        return string.Join(", ", parts);
    }
}
