using System.Globalization;

namespace PageShift.Calls;

/// <summary>Lines of a log that follow each other.</summary>
/// <param name="First">The first, from 1.</param>
/// <param name="Last">The last.</param>
public readonly record struct LineRange(long First, long Last)
{
    /// <summary>"7" or "7-9".</summary>
    public override string ToString() => First == Last ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
