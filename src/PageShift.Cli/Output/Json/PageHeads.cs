namespace PageShift.Cli.Output.Json;

/// <summary>What comes before the calls.</summary>
internal sealed record CallsHead(int Spaces);

/// <summary>What comes before the plans.</summary>
internal sealed record PlansHead(string Title, string? Conclusion, long? Shown, ulong[] Geometry);
