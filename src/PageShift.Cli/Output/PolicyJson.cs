using System.Text.Json;
using PageShift.Moving;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <summary>What a move costs, and why, as JSON (docs/json.md).</summary>
internal static class PolicyJson
{
    /// <summary>The cost under a policy, as an object.</summary>
    internal static void Write(Utf8JsonWriter json, PlannedMove plan)
    {
        json.WriteStartObject();
        json.WriteString("policy", MovePolicyName.Of(plan.Policy));
        WriteMembers(json, plan);
        json.WriteEndObject();
    }

    /// <summary>The entries by level, as members.</summary>
    internal static void WriteEntries(Utf8JsonWriter json, in MoveCost cost)
    {
        if (cost.Pgd != 0)
            json.WriteNumber("pgd", cost.Pgd);
        json.WriteNumber("p4d", cost.P4d);
        json.WriteNumber("pud", cost.Pud);
        json.WriteNumber("pmd", cost.Pmd);
        json.WriteNumber("pte", cost.Pte);
    }

    private static void WriteMembers(Utf8JsonWriter json, PlannedMove plan)
    {
        MoveCost cost = plan.Cost;
        WriteEntries(json, cost);
        json.WriteNumber("slotsVisited", cost.SlotsVisited);
        json.WriteNumber("slotsInspected", cost.SlotsInspected);
        json.WriteNumber("tablesAllocated", cost.TablesAllocated);
        json.WriteNumber("tablesFreed", cost.TablesFreed);
        json.WriteNumber("tlbFlushes", cost.TlbFlushes);
        json.WriteNumber("tableBytes", cost.TableBytes);
        json.WriteBoolean("warned", cost.Warned);
        json.WriteString("expandedOld", plan.ExpandedSource.Start.ToString());
        json.WriteNumber("expandedLength", plan.ExpandedSource.Length.Value);
        json.WriteStartArray("boundaries");
        foreach (BoundaryDecision boundary in plan.Boundaries)
            WriteBoundary(json, boundary);
        json.WriteEndArray();
    }

    private static void WriteBoundary(Utf8JsonWriter json, in BoundaryDecision boundary)
    {
        json.WriteStartObject();
        json.WriteString("end", boundary.End == MoveEnd.Start ? "start" : "end");
        json.WriteString("level", boundary.Level.ToString().ToLowerInvariant());
        json.WriteString("block", boundary.Block.Start.ToString());
        json.WriteString("outcome", JsonNamingPolicy.CamelCase.ConvertName(boundary.Outcome.ToString()));
        if (boundary.Obstacle is { } obstacle)
            json.WriteString("obstacle", obstacle.ToString());
        json.WriteEndObject();
    }
}
