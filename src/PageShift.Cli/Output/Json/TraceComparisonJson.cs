using System.Text.Json;
using PageShift.Cli.Tracing;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output.Json;

/// <summary>The report of <c>trace --compare</c> as JSON, schema 1 (docs/json.md).</summary>
internal static class TraceComparisonJson
{
    internal static void Write(TraceComparison comparison, Stream output)
    {
        var document = new TraceComparisonDocument(Schema: 1, comparison.AsItIs.Settings.Command, comparison.EndedAlike, comparison.IsInputSame, TraceSide.Of(comparison.AsItIs), TraceSide.Of(comparison.Congruent));
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
            JsonSerializer.Serialize(json, document, ReportJson.Default.TraceComparisonDocument);
        output.Write("\n"u8);
        output.Flush();
    }
}

/// <summary>The two runs.</summary>
internal sealed record TraceComparisonDocument(int Schema, IEnumerable<string> Command, bool EndedAlike, bool SameInput, TraceSide AsItIs, TraceSide CongruentPlaces);

/// <summary>One run.</summary>
internal sealed record TraceSide(
    int ExitCode, long Calls, long Moves, long CongruentMoves, ulong EntriesLinux67, ulong EntriesPageShift, long MoveNanoseconds, long? TlbFlushes, long? TablesAllocated, string? WhyNotCounted,
    long? MinorFaults, long? MajorFaults, long ProcessorNanoseconds, long? Nanoseconds, long DivergenceCount, TracePlaced? Placement)
{
    internal static TraceSide Of(TraceReport report)
    {
        TraceStatistics trace = report.Result!.Statistics;
        FollowStatistics following = report.Statistics;
        bool isCounted = TraceComparisonText.IsCounted(report);
        return new TraceSide(
            report.Result.Status.ShellStatus, trace.CompletedCalls, following.Moves, report.CongruentMoves, report.Under(MovePolicy.Linux67).Entries, report.Under(MovePolicy.PageShift).Entries, TraceComparisonText.MoveTime(report),
            isCounted ? following.CountedFlushes : null, isCounted ? following.CountedAllocations : null, isCounted ? null : following.WhyNotCounted ?? report.Settings.WhyNoKernel,
            trace.Usage?.MinorFaults, trace.Usage?.MajorFaults, UsageShares.ProcessorTimeOf(report), trace.Usage?.ElapsedNanoseconds, following.Divergences, TracePlaced.Of(report));
    }
}

/// <summary>What became of the moves that were to get a congruent place.</summary>
internal sealed record TracePlaced(long Placed, IReadOnlyDictionary<string, long> NotPlaced)
{
    internal static TracePlaced? Of(TraceReport report) => report.Settings.PlacesCongruent
        ? new TracePlaced(report.Statistics.PlacedCalls, report.Statistics.UnplacedCalls.ToDictionary(u => ReportJson.NameOf(u.Key), u => u.Value))
        : null;
}
