using System.Globalization;
using PageShift.Units;

namespace PageShift.Physical;

/// <summary>The number of a 4 KiB frame of physical memory: its physical address divided by 4096, as it
/// stands in bits 12 to 51 of a page-table entry. Frame 0 is never handed out.</summary>
/// <param name="Value">The number, below 2^40.</param>
internal readonly record struct FrameNumber(ulong Value)
{
    /// <summary>Frame 0, which stands for "no frame".</summary>
    public static FrameNumber None => default;

    /// <summary>The frame of 4 KiB zeroes that read faults on untouched anonymous memory map.</summary>
    public static FrameNumber ZeroPage => new(1);

    /// <summary>True for frame 0.</summary>
    public bool IsNone => Value == 0;

    /// <summary>The frame <paramref name="offset"/> frames up.</summary>
    public static FrameNumber operator +(FrameNumber frame, ulong offset) => new(frame.Value + offset);

    /// <summary>The frame <paramref name="pages"/> frames up.</summary>
    public static FrameNumber operator +(FrameNumber frame, PageCount pages) => new(frame.Value + pages.Value);

    /// <summary>The number in hexadecimal.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"#{Value:x}");
}
