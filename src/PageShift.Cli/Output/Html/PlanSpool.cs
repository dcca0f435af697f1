using System.Text.Json;
using PageShift.Cli.Explaining;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Output.Html;

/// <summary>Keeps, for the page, what the JSON of a move does not say: for each policy the reason in words, and the runs that move.</summary>
internal sealed class PlanSpool(PagingGeometry geometry) : IDisposable
{
    private readonly JsonSpool _plans = new("plans", isIndented: false);

    public void Dispose() => _plans.Dispose();

    /// <summary>A move, in order: an array of <c>[reason, runs of the plan, level, source, destination, slots, entries, ...]</c>, one for each policy.</summary>
    internal void Add(MoveExplanation move)
    {
        Utf8JsonWriter json = _plans.Array;
        json.WriteStartArray();
        foreach ((PlannedMove plan, string reason, _, _) in move.Policies)
        {
            json.WriteStartArray();
            json.WriteStringValue(reason);
            json.WriteNumberValue(plan.RunCount);
            foreach (MoveRun run in plan.Runs)
            {
                json.WriteNumberValue((int)run.Level);
                json.WriteNumberValue(run.Source.Value);
                json.WriteNumberValue(run.Destination.Value);
                json.WriteNumberValue(run.Slots);
                json.WriteNumberValue(run.Entries);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        _plans.Settle();
    }

    /// <summary>Writes what was kept: an object with the array <c>plans</c>, the page's title and conclusion, and the geometry: levels, bits of an index, and the end of the space.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="conclusion">What there is to say of all moves, in one sentence; null for nothing.</param>
    /// <param name="shown">The line of the call whose move is shown first; null for the largest move.</param>
    internal void Finish(Stream output, string title, string? conclusion, long? shown = null) => _plans.Finish(output, json =>
    {
        json.WriteString("title", title);
        json.WriteString("conclusion", conclusion);
        if (shown is { } line)
            json.WriteNumber("shown", line);
        json.WriteStartArray("geometry");
        json.WriteNumberValue(geometry.Levels);
        json.WriteNumberValue(geometry.IndexBits);
        json.WriteNumberValue(geometry.UserLimit.Value);
        json.WriteEndArray();
    });
}
