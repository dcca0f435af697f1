using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Runs <c>explain</c>, and reads what it says.</summary>
internal static class Explained
{
    /// <summary>The first move's explanation, as JSON.</summary>
    internal static JsonElement Move(params string[] arguments) => Json(arguments).GetProperty("moves")[0];

    internal static JsonElement Json(params string[] arguments)
    {
        ToolResult result = Tool.Run(["explain", .. arguments, "--format", "json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    internal static string Text(params string[] arguments)
    {
        ToolResult result = Tool.Run(["explain", .. arguments]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    /// <summary>The arguments that describe a move.</summary>
    internal static string[] Options(string old, string to, string length, params string[] before) =>
        ["--old", old, "--new", to, "--length", length, .. before.SelectMany(call => (string[])["--with", call])];

    internal static JsonElement Policy(JsonElement move, string policy) =>
        move.GetProperty("policies").EnumerateArray().Single(p => p.GetProperty("policy").GetString() == policy);

    /// <summary>The lowest decision of a policy about an end: what became of it; "none" when there was nothing to decide.</summary>
    internal static string Outcome(JsonElement move, string policy, string end) =>
        Policy(move, policy).GetProperty("boundaries").EnumerateArray().LastOrDefault(b => b.GetProperty("end").GetString() == end) is { ValueKind: JsonValueKind.Object } found
            ? found.GetProperty("outcome").GetString()!
            : "none";

    /// <summary>The reason and the remedy that belong to it.</summary>
    internal static (string Reason, string? Remedy) Reason(JsonElement move, string policy, string end)
    {
        JsonElement reason = move.GetProperty("reasons").EnumerateArray().Last(r => r.GetProperty("policy").GetString() == policy && r.GetProperty("end").GetString() == end);
        return (reason.GetProperty("reason").GetString()!, reason.TryGetProperty("remedy", out JsonElement remedy) ? remedy.GetString() : null);
    }
}
