using PageShift.Calls.Machines;
using PageShift.Cli.Walking;
using PageShift.PageTables;

namespace PageShift.Cli.Output.Json;

/// <summary>An address taken apart as JSON, schema 1 (docs/json.md).</summary>
internal static class WalkJson
{
    internal static void Write(AddressWalk walk) => ReportJson.Write(
        new WalkDocument(
            Schema: 1, walk.Address.ToString(), walk.Machine is { } machine ? ArchitectureName.Of(machine.Architecture) : null, walk.Geometry.Span(PageTableLevel.Pte).Value, walk.AddressBits,
            walk.Geometry.EntriesPerTable, walk.Steps.Select(step => new WalkStepJson(ReportJson.NameOf(step.Level), step.LowBit, step.Bits, step.Index, step.Entry.Start.ToString(), step.Entry.Length.Value)),
            walk.Offset),
        ReportJson.Default.WalkDocument);
}

/// <summary>An address, and its way through the tables.</summary>
internal sealed record WalkDocument(int Schema, string Address, string? Architecture, ulong PageSize, int AddressBits, int EntriesPerTable, IEnumerable<WalkStepJson> Steps, ulong Offset);

/// <summary>A table on the way, and its entry that leads on.</summary>
internal sealed record WalkStepJson(string Level, int LowBit, int Bits, int Index, string Start, ulong Length);
