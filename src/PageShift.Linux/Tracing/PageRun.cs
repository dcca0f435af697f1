namespace PageShift.Linux.Tracing;

/// <summary>Neighbouring pages in the same state.</summary>
/// <param name="Range">The pages; never empty, page-aligned.</param>
/// <param name="State">Their state; never <see cref="PageState.None"/>.</param>
public readonly record struct PageRun(AddressRange Range, PageState State);
