namespace PageShift.Measurement;

/// <summary>One row of the table of speeds: some work, what it is measured against, and the target.</summary>
/// <param name="work">The work, in words.</param>
/// <param name="against">What it is measured against, in words.</param>
/// <param name="target">What it is meant to reach.</param>
public abstract class SpeedRow(string work, string against, Target target)
{
    /// <summary>The work, in words.</summary>
    public string Work { get; } = work;

    /// <summary>What it is measured against, in words.</summary>
    public string Against { get; } = against;

    /// <summary>What it is meant to reach.</summary>
    public Target Target { get; } = target;

    /// <summary>Measures. Takes about <paramref name="time"/>, or as long as one repetition.</summary>
    public abstract SpeedResult Measure(TimeSpan time);

    /// <summary>The row when it can't be measured here.</summary>
    protected SpeedResult NotPossible(string reason) => new(this) { NotPossibleReason = reason };

    /// <summary>The row with both figures.</summary>
    protected SpeedResult Judge(Quantity ours, Quantity? other)
    {
        double ratio = Target.RatioOf(ours.Value, other?.Value ?? double.NaN);
        return new SpeedResult(this) { Ours = ours, Other = other, Ratio = ratio, IsMet = Target.IsMet(ours.Value, ratio) };
    }
}
