namespace PageShift.Cli.Output.Json;

/// <summary>What comes before the calls.</summary>
internal sealed record CallsHead(int Spaces);

/// <summary>What comes before the plans.</summary>
internal sealed record PlansHead(
    string Title, string? Headline, IEnumerable<string> Facts, IEnumerable<string> Advice, IEnumerable<string> Notes, long? Shown, ulong[] Geometry, IEnumerable<ComparedRow>? Comparison, PageUsage? Usage);

/// <summary>Where the processor time went: what stands above the table, and its rows.</summary>
internal sealed record PageUsage(string Note, IEnumerable<UsageRow> Rows);
