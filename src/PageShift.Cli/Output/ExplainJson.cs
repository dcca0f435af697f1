using System.Text.Json;
using PageShift.Cli.Explaining;
using PageShift.Cli.Files;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <summary>The explanation of moves as JSON, schema 1 (docs/json.md).</summary>
internal static class ExplainJson
{
    private const int Schema = 1;

    /// <summary>Writes the moves of one call to standard output.</summary>
    internal static void Write(LogPlace? place, Explanation explanation)
    {
        using Stream output = StandardStreams.OpenOutput();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            if (place is not null)
            {
                json.WriteString("file", place.File);
                json.WriteNumber("line", place.Line);
            }

            json.WriteString("populate", NameOf(explanation.Settings.Populate));
            json.WriteNumber("warnings", explanation.PassedLines);
            json.WriteStartArray("moves");
            foreach (ExplainedMove move in explanation.Moves)
                WriteMove(json, move);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteMove(Utf8JsonWriter json, ExplainedMove move)
    {
        json.WriteStartObject();
        json.WriteString("call", move.Call);
        json.WriteString("old", move.Request.Old.ToString());
        json.WriteString("new", move.Request.New.ToString());
        json.WriteNumber("length", move.Request.Length.Value);
        json.WriteString("congruent", NameOf(move.Congruence));
        json.WriteStartArray("policies");
        foreach (PlannedMove plan in move.Plans)
            PolicyJson.Write(json, plan);
        json.WriteEndArray();
        json.WriteStartArray("reasons");
        foreach (PlannedMove plan in move.Plans)
        {
            foreach (BoundaryDecision decision in plan.Boundaries)
                WriteReason(json, move, plan.Policy, decision);
        }

        json.WriteEndArray();
        json.WriteString("executed", MovePolicyName.Of(move.Executed.Plan.Policy));
        var marks = new MoveMarks(move.Executed.Runs, move.Geometry);
        WriteSteps(json, move.Executed.Runs, marks);
        json.WritePropertyName("before");
        WriteTable(json, move.Before, move, marks, isAfter: false);
        json.WritePropertyName("after");
        WriteTable(json, move.After!, move, marks, isAfter: true);
        json.WriteEndObject();
    }

    private static void WriteReason(Utf8JsonWriter json, ExplainedMove move, MovePolicy policy, in BoundaryDecision decision)
    {
        var explanation = BoundaryExplanation.Of(move, policy, decision);
        json.WriteStartObject();
        json.WriteString("policy", MovePolicyName.Of(policy));
        json.WriteString("end", decision.End == MoveEnd.Start ? "start" : "end");
        json.WriteString("level", NameOf(decision.Level));
        json.WriteString("reason", explanation.Reason);
        if (explanation.Remedy is { } remedy)
            json.WriteString("remedy", remedy);
        json.WriteEndObject();
    }

    private static void WriteSteps(Utf8JsonWriter json, IReadOnlyList<MoveRun> runs, MoveMarks marks)
    {
        json.WriteStartArray("steps");
        for (int i = 0; i < runs.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("marks", marks.OfRun(i));
            json.WriteString("level", NameOf(runs[i].Level));
            json.WriteString("source", runs[i].Source.ToString());
            json.WriteString("destination", runs[i].Destination.ToString());
            json.WriteNumber("slots", runs[i].Slots);
            json.WriteNumber("entries", runs[i].Entries);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTable(Utf8JsonWriter json, PageTableSnapshot table, ExplainedMove move, MoveMarks marks, bool isAfter)
    {
        json.WriteStartObject();
        json.WriteString("level", NameOf(table.Level));
        json.WriteString("start", table.Start.ToString());
        json.WriteNumber("live", table.LiveEntries);
        json.WriteStartArray("occupied");
        ulong span = move.SpanOf(table.Level);
        foreach (PageTableSlots slots in table.Slots)
        {
            for (int at = slots.First; at < slots.First + slots.Count;)
            {
                string? mark = marks.At(table.Level, table.Start + new ByteLength((ulong)at * span), isAfter, out ulong alike);
                int count = (int)Math.Min((ulong)(slots.First + slots.Count - at), alike);
                json.WriteStartObject();
                json.WriteNumber("first", at);
                json.WriteNumber("count", count);
                if (mark is not null)
                    json.WriteString("mark", mark);
                if (slots.Table is { } below)
                {
                    json.WritePropertyName("table");
                    WriteTable(json, below, move, marks, isAfter);
                }

                json.WriteEndObject();
                at += count;
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string NameOf<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
