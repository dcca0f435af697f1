using PageShift.Linux.Timing;
using PageShift.Measurement;

namespace PageShift.Cli.Measuring;

/// <summary>A row of the table of speeds as it was measured here.</summary>
/// <param name="Result">What it found.</param>
/// <param name="Others">What others used of the machine meanwhile; null where that is not known.</param>
internal readonly record struct MeasuredRow(SpeedResult Result, OtherWork? Others)
{
    /// <summary>True when the machine was too busy for the times to mean much.</summary>
    internal bool WasDisturbed => Result.NotPossibleReason is null && Others is { IsBusy: true };
}
