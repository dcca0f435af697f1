using System.Globalization;

namespace PageShift.Measurement;

/// <summary>What a figure counts.</summary>
public enum Unit
{
    /// <summary>Nanoseconds for one operation.</summary>
    Nanoseconds,

    /// <summary>Millions of bytes a second.</summary>
    MegabytesPerSecond,

    /// <summary>Bytes.</summary>
    Bytes,
}

/// <summary>A figure and its unit.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Unit">What it counts.</param>
public readonly record struct Quantity(double Value, Unit Unit)
{
    /// <summary>The figure with three significant digits, in the unit that suits its size.</summary>
    public override string ToString() => Unit switch
    {
        Unit.MegabytesPerSecond => $"{Digits(Value)} MB/s",
        Unit.Bytes => Value >= 1 << 20 ? $"{Digits(Value / (1 << 20))} MiB" : $"{Digits(Value / (1 << 10))} KiB",
        _ when Value < 10_000 => $"{Digits(Value)} ns",
        _ when Value < 10_000_000 => $"{Digits(Value / 1e3)} us",
        _ => $"{Digits(Value / 1e6)} ms",
    };

    private static string Digits(double value) =>
        value.ToString(value < 10 ? "f2" : value < 100 ? "f1" : "f0", CultureInfo.InvariantCulture);
}
