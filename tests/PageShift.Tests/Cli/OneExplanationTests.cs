using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>A move is explained once: what the JSON says of it, the text says too, in the same words.</summary>
public sealed class OneExplanationTests
{
    public static TheoryData<string> Samples => [.. Directory.GetFiles(Repository.Path("samples"), "*.strace").Select(f => Path.GetFileName(f)!)];

    public static TheoryData<string> Places =>
        ["linus-2023.strace:5", "stack.strace:6", "one-level-up.strace:5", "gigabyte-2.strace:5", "gigabyte-not-congruent.strace:5", "neighbour.strace:7", "realloc.strace:80"];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Each_row_of_run_ends_with_the_reason_of_the_json(string sample)
    {
        (string Policy, string Row)[] rows = [.. PolicyRows.Of(Tool.Run("run", $"samples/{sample}", "--top", "1000").OutputLines)];
        JsonElement[] policies = [.. Tool.RunFileToJson(Repository.Path($"samples/{sample}")).GetProperty("moves").EnumerateArray().SelectMany(m => m.GetProperty("policies").EnumerateArray())];

        Assert.NotEmpty(policies);
        Assert.All(policies, policy => Assert.Contains(rows, row => row.Policy == policy.GetProperty("policy").GetString()
            && row.Row.EndsWith($"  {policy.GetProperty("reason").GetString()}", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void The_text_of_explain_has_every_reason_and_remedy_of_the_json(string place)
    {
        string text = string.Join(' ', Explained.Text($"samples/{place}").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        JsonElement move = Explained.Move($"samples/{place}");
        bool isCongruent = move.GetProperty("congruent").GetString() != "pte";
        string[] words = [.. Words(move, isCongruent)];

        Assert.NotEmpty(words);
        Assert.All(words, said => Assert.Contains(said, text));
    }

    /// <summary>The remedy of the move, and what is said of each end. Where nothing is congruent no end matters.</summary>
    private static IEnumerable<string> Words(JsonElement move, bool hasEnds)
    {
        if (move.TryGetProperty("remedy", out JsonElement remedy))
            yield return remedy.GetString()!;
        foreach (JsonElement policy in move.GetProperty("policies").EnumerateArray())
        {
            IEnumerable<JsonElement> found = hasEnds ? policy.GetProperty("boundaries").EnumerateArray() : [];
            if (policy.TryGetProperty("ends", out JsonElement ends))
                found = found.Concat(ends.EnumerateArray().Where(e => e.GetProperty("end").GetString() != "both")); // older policies are one sentence together
            foreach (JsonElement end in found)
            {
                yield return end.GetProperty("reason").GetString()!;
                if (end.TryGetProperty("remedy", out JsonElement change))
                    yield return $"What would change it: {change.GetString()}.";
            }
        }
    }
}
