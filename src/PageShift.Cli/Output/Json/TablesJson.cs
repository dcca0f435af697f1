using PageShift.Cli.Walking;

namespace PageShift.Cli.Output.Json;

/// <summary>A process's mappings against the boundaries of its page tables as JSON, schema 1 (docs/json.md).</summary>
internal static class TablesJson
{
    internal static void Write(ProcessTables tables) => ReportJson.Write(
        new TablesDocument(Schema: 1, tables.Process, tables.Name, tables.Levels.Select(TabledLevelJson.Of), tables.Mappings.Select(TabledMappingJson.Of)), ReportJson.Default.TablesDocument);
}

/// <summary>A process.</summary>
internal sealed record TablesDocument(int Schema, int Process, string Name, IEnumerable<TabledLevelJson> Levels, IEnumerable<TabledMappingJson> Mappings);

/// <summary>The blocks of a level that have a page.</summary>
internal sealed record TabledLevelJson(string Level, ulong Span, ulong Blocks, ulong Movable, IEnumerable<BlockRunJson> Runs)
{
    internal static TabledLevelJson Of(TabledLevel level) => new(
        ReportJson.NameOf(level.Level), level.Span.Value, level.Total, level.Movable, level.Runs.Select(run => new BlockRunJson(run.Start.ToString(), run.Count, ReportJson.NameOf(run.Kind))));
}

/// <summary>Blocks of one kind that follow each other.</summary>
internal sealed record BlockRunJson(string Start, ulong Count, string Kind);

/// <summary>A mapping.</summary>
internal sealed record TabledMappingJson(string Start, string End, string? Name, ulong Occupied, ulong Huge, ulong WholeBlocks, string First, string Last)
{
    internal static TabledMappingJson Of(TabledMapping mapping) => new(
        mapping.Range.Start.ToString(), mapping.Range.End.ToString(), mapping.Name.Length == 0 ? null : mapping.Name, mapping.Occupied.Value, mapping.Huge.Value, mapping.WholeBlocks,
        ReportJson.NameOf(mapping.Start), ReportJson.NameOf(mapping.End));
}
