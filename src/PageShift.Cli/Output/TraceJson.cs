using System.Text.Json;
using PageShift.Calls.Execution;
using PageShift.Cli.Tracing;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>trace</c> as JSON, schema 1 (docs/json.md).</summary>
internal sealed class TraceJson(Stream output, bool isIndented = true) : ITraceOutput
{
    private const int Schema = 1;

    private readonly JsonSpool _moves = new("moves", isIndented);

    public void Dispose() => _moves.Dispose();

    public void Add(FollowedMove move)
    {
        WriteMove(_moves.Array, move);
        _moves.Settle();
    }

    public void Finish(TraceReport report) => _moves.Finish(output, json => WriteHead(json, report));

    private static void WriteHead(Utf8JsonWriter json, TraceReport report)
    {
        json.WriteNumber("schema", Schema);
        json.WriteStartArray("command");
        foreach (string word in report.Settings.Command)
            json.WriteStringValue(word);
        json.WriteEndArray();
        json.WriteNumber("exitCode", report.Result!.Status.ShellStatus);
        if (report.Result.Status.IsKilled)
            json.WriteNumber("signal", report.Result.Status.Signal);
        json.WriteNumber("processes", report.Result.Statistics.Processes);
        json.WriteNumber("threads", report.Result.Statistics.Threads);
        json.WriteNumber("programs", report.Result.Statistics.Programs);
        json.WriteNumber("calls", report.Result.Statistics.CompletedCalls);
        if (report.Others is { } others)
            BenchJson.WriteOthers(json, others);
        json.WriteStartArray("unprivilegedPrograms");
        foreach (string program in report.Result.Statistics.UnprivilegedPrograms)
            json.WriteStringValue(program);
        json.WriteEndArray();
        json.WriteNumber("divergenceCount", report.Statistics.Divergences);
        WriteDivergences(json, report);
        WriteFollowing(json, report.Statistics);
        WriteSites(json, report);
    }

    private static void WriteDivergences(Utf8JsonWriter json, TraceReport report)
    {
        json.WriteStartArray("divergences");
        foreach (Divergence divergence in report.Divergences)
        {
            json.WriteStartObject();
            json.WriteNumber("process", divergence.ProcessId);
            json.WriteNumber("thread", divergence.ThreadId);
            json.WriteString("call", divergence.Call);
            json.WriteString("subject", divergence.Subject);
            json.WriteString("engine", divergence.Engine);
            json.WriteString("kernel", divergence.Kernel);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFollowing(Utf8JsonWriter json, FollowStatistics statistics)
    {
        json.WriteStartObject("following");
        json.WriteNumber("addressSpaces", statistics.AddressSpaces);
        json.WriteNumber("mirroredCalls", statistics.MirroredCalls);
        json.WriteNumber("passedCalls", statistics.PassedCalls);
        json.WriteNumber("refusedCalls", statistics.RefusedCalls);
        json.WriteNumber("unmodelledCalls", statistics.UnmodelledCalls);
        json.WriteNumber("overlappedCalls", statistics.OverlappedCalls);
        json.WriteNumber("foreignCalls", statistics.ForeignCalls);
        json.WriteNumber("abandonedSpaces", statistics.AbandonedSpaces);
        json.WriteNumber("hiddenBoundaries", statistics.HiddenBoundaries);
        json.WriteNumber("localComparisons", statistics.LocalComparisons);
        json.WriteNumber("fullComparisons", statistics.FullComparisons);
        json.WriteNumber("hiddenPrograms", statistics.HiddenPrograms);
        json.WriteNumber("baselineNanoseconds", statistics.BaselineNanoseconds);
        if (statistics.BaselineProcessorNanoseconds is { } least)
            json.WriteNumber("baselineProcessorNanoseconds", least);
        json.WriteEndObject();
    }

    private static void WriteSites(Utf8JsonWriter json, TraceReport report)
    {
        json.WriteStartArray("sites");
        foreach (SiteTotals site in report.Sites.OrderByDescending(s => s.LinuxEntries))
        {
            json.WriteStartObject();
            WriteSite(json, site.Site);
            json.WriteNumber("moves", site.Moves);
            json.WriteNumber("congruentMoves", site.CongruentMoves);
            json.WriteNumber("entriesLinux67", site.LinuxEntries);
            json.WriteNumber("entriesPageShift", site.PageShiftEntries);
            json.WriteNumber("entriesCongruent", site.CongruentEntries);
            json.WriteNumber("nanoseconds", site.Time.Elapsed);
            if (site.Time.Processor is { } used)
                json.WriteNumber("processorNanoseconds", used);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSite(Utf8JsonWriter json, in CallSite site)
    {
        json.WriteString("site", site.Call);
        if (site.Caller is { } caller)
            json.WriteString("caller", caller);
    }

    private static void WriteMove(Utf8JsonWriter json, FollowedMove move)
    {
        json.WriteStartObject();
        json.WriteNumber("process", move.ProcessId);
        json.WriteNumber("thread", move.ThreadId);
        json.WriteString("call", move.Call);
        WriteSite(json, move.Site);
        json.WriteString("old", move.Request.Old.ToString());
        json.WriteString("new", move.Request.New.ToString());
        json.WriteNumber("length", move.Request.Length.Value);
        json.WriteString("congruent", NameOf(move.Congruence));
        json.WriteNumber("presentPages", move.PresentPages);
        json.WriteBoolean("exact", move.IsExact);
        json.WriteNumber("nanoseconds", move.ElapsedNanoseconds);
        if (move.ProcessorNanoseconds is { } used)
            json.WriteNumber("processorNanoseconds", used);
        json.WriteStartArray("policies");
        foreach (PlannedMove plan in move.Plans)
            PolicyJson.Write(json, plan);
        json.WriteEndArray();
        if (move.Congruent is { } congruent)
            WriteCongruent(json, congruent);
        json.WriteEndObject();
    }

    private static void WriteCongruent(Utf8JsonWriter json, CongruentForecast congruent)
    {
        json.WriteStartObject("congruentPlacement");
        json.WriteString("new", congruent.Destination.ToString());
        json.WriteString("congruent", NameOf(congruent.Congruence));
        PolicyJson.WriteEntries(json, congruent.PageShift.Cost);
        json.WriteStartArray("policies");
        PolicyJson.Write(json, congruent.Linux);
        PolicyJson.Write(json, congruent.PageShift);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string NameOf(PageTableLevel level) => level.ToString().ToLowerInvariant();
}
