using System.Text.Json;
using PageShift.Calls.Execution;
using PageShift.Cli.Running;
using PageShift.Linux;
using PageShift.Moving;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>run</c> as JSON, schema 1 (docs/json.md).</summary>
internal sealed class RunJson(Stream output, bool isIndented = true) : IRunOutput
{
    private const int Schema = 1;

    private readonly JsonSpool _moves = new("moves", isIndented);

    public void Dispose() => _moves.Dispose();

    public void Add(MoveReport move)
    {
        WriteMove(_moves.Array, move);
        _moves.Settle();
    }

    public void Finish(RunReport report) => _moves.Finish(output, json => WriteHead(json, report));

    private static void WriteHead(Utf8JsonWriter json, RunReport report)
    {
        json.WriteNumber("schema", Schema);
        json.WriteString("file", report.Settings.File);
        json.WriteNumber("calls", report.Statistics.Calls);
        json.WriteStartArray("divergences");
        foreach (Divergence divergence in report.Divergences)
            WriteDivergence(json, divergence);
        json.WriteEndArray();
        json.WriteNumber("divergenceCount", report.DivergenceCount);
        WriteStatistics(json, report);
        if (report.Settings.Kernel is { } kernel)
            WriteKernel(json, kernel.Version, report);
    }

    private static void WriteKernel(Utf8JsonWriter json, KernelVersion version, RunReport report)
    {
        KernelTotals totals = report.Kernel;
        json.WriteStartObject("kernel");
        json.WriteString("release", version.Release);
        json.WriteString("predictedBy", MovePolicyName.Of(report.Settings.Kernel!.Value.Policy));
        json.WriteNumber("agreements", totals.Agreements);
        json.WriteNumber("disagreements", totals.Disagreements);
        json.WriteNumber("notObservable", totals.NotObservable);
        json.WriteNumber("nanoseconds", totals.Nanoseconds);
        json.WriteStartArray("divergences");
        foreach (Divergence divergence in report.KernelDivergences)
        {
            json.WriteStartObject();
            json.WriteNumber("line", divergence.Line);
            json.WriteString("call", divergence.Call);
            json.WriteString("engine", divergence.Engine);
            json.WriteString("kernel", divergence.Kernel);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDivergence(Utf8JsonWriter json, Divergence divergence)
    {
        json.WriteStartObject();
        json.WriteNumber("line", divergence.Line);
        json.WriteString("call", divergence.Call);
        json.WriteString("expected", divergence.Kernel);
        json.WriteString("actual", divergence.Engine);
        json.WriteEndObject();
    }

    private static void WriteStatistics(Utf8JsonWriter json, RunReport report)
    {
        LogStatistics statistics = report.Statistics;
        json.WriteStartObject("log");
        json.WriteString("populate", report.Settings.Populate.ToString().ToLowerInvariant());
        json.WriteNumber("lines", report.Counts.Lines);
        json.WriteNumber("warnings", report.Counts.Warnings);
        json.WriteNumber("addressSpaces", statistics.AddressSpaces);
        json.WriteNumber("failedCalls", statistics.FailedCalls);
        json.WriteNumber("differentResults", statistics.DifferentResults);
        json.WriteNumber("unsupportedCalls", statistics.UnsupportedCalls);
        json.WriteStartArray("unsupportedNames");
        foreach (string name in report.UnsupportedNames)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("unknownOutcomes", statistics.UnknownOutcomes);
        json.WriteNumber("uncertainThreads", statistics.UncertainThreads);
        json.WriteNumber("inferredMappings", statistics.InferredMappings);
        json.WriteNumber("inferredBytes", statistics.InferredBytes);
        json.WriteNumber("leftUnpopulated", statistics.LeftUnpopulated);
        json.WriteEndObject();
    }

    private static void WriteMove(Utf8JsonWriter json, MoveReport move)
    {
        json.WriteStartObject();
        json.WriteNumber("line", move.Line);
        json.WriteNumber("thread", move.ThreadId);
        json.WriteString("call", move.Call);
        json.WriteString("old", move.Request.Old.ToString());
        json.WriteString("new", move.Request.New.ToString());
        json.WriteNumber("length", move.Request.Length.Value);
        json.WriteString("congruent", move.Congruence.ToString().ToLowerInvariant());
        json.WriteStartArray("policies");
        foreach (PlannedMove policy in move.Policies)
            PolicyJson.Write(json, policy);
        json.WriteEndArray();
        if (move.Kernel is { } kernel)
            WriteKernel(json, kernel);
        json.WriteEndObject();
    }

    private static void WriteKernel(Utf8JsonWriter json, KernelReport kernel)
    {
        json.WriteStartObject("kernel");
        json.WriteString("predictedBy", MovePolicyName.Of(kernel.Predicting));
        json.WriteString("verdict", JsonNamingPolicy.CamelCase.ConvertName(kernel.Measurement.Verdict.ToString()));
        json.WriteNumber("movesOfCall", kernel.MovesOfCall);
        if (kernel.Move.Cost is { } cost)
        {
            json.WriteNumber("extents", kernel.Measurement.Extents ?? 0);
            json.WriteNumber("tablesAllocated", cost.ZeroedAllocations);
            json.WriteNumber("tlbFlushes", cost.TlbFlushes);
        }

        if (kernel.Move.Nanoseconds is { } nanoseconds)
            json.WriteNumber("nanoseconds", nanoseconds);
        if (kernel.Move.Reason is { } reason)
            json.WriteString("reason", reason);
        json.WriteEndObject();
    }
}
