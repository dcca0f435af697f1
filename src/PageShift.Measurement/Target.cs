using System.Globalization;

namespace PageShift.Measurement;

/// <summary>What a ratio says.</summary>
public enum RatioKind
{
    /// <summary>Ours divided by the other's: smaller is better.</summary>
    Times,

    /// <summary>The other's divided by ours: larger is better.</summary>
    TimesFaster,

    /// <summary>Ours alone, in its unit: larger is better.</summary>
    AtLeast,
}

/// <summary>What a measurement is meant to reach.</summary>
/// <param name="Kind">What <paramref name="Bound"/> bounds.</param>
/// <param name="Bound">The ratio.</param>
/// <param name="MostNanoseconds">When not null, ours may take no longer than this.</param>
public readonly record struct Target(RatioKind Kind, double Bound, double? MostNanoseconds = null)
{
    /// <summary>The ratio of two figures, as this target speaks of them.</summary>
    public double RatioOf(double ours, double other) => Kind switch
    {
        RatioKind.Times => ours / other,
        RatioKind.TimesFaster => other / ours,
        _ => ours,
    };

    /// <summary>True when the target is reached.</summary>
    public bool IsMet(double ours, double ratio) =>
        (Kind == RatioKind.Times ? ratio <= Bound : ratio >= Bound) && (MostNanoseconds is not { } most || ours <= most);

    /// <summary>The target in words.</summary>
    public override string ToString()
    {
        string bound = Bound.ToString(CultureInfo.InvariantCulture);
        string text = Kind switch
        {
            RatioKind.Times => $"at most {bound} times",
            RatioKind.TimesFaster => $"at least {bound} times faster",
            _ => $"at least {bound}",
        };
        return MostNanoseconds is { } most ? string.Create(CultureInfo.InvariantCulture, $"{text}, under {most} ns") : text;
    }
}
