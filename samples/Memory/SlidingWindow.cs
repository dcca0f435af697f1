using System.Runtime.InteropServices;

namespace PageShift.Memory.Samples;

/// <summary>A window of a time series in memory, always one span: each block of new values pushes the oldest out. The front's pages become the tail, where an array copies the whole window down.</summary>
internal static class SlidingWindow
{
    private const int Steps = 64;

    internal static bool Run(TextWriter output, int megabytes)
    {
        long length = (long)megabytes << 20;
        long block = Math.Max(length / 64 / MemoryCapabilities.PageSize, 1) * MemoryCapabilities.PageSize;
        using var window = new PageBuffer(length, new PageBufferOptions { Capacity = 2 * length });
        var array = new double[length / sizeof(double)];
        FillFrom(Values(window, 0, length), 0);
        FillFrom(array, 0);
        long next = array.Length;
        TimeSpan moving = default;
        TimeSpan copying = default;
        for (int step = 0; step < Steps; step++)
        {
            moving += Clock.Time(() => window.Slide(block));
            FillFrom(Values(window, length - block, block), next);
            var blockValues = (int)(block / sizeof(double));
            copying += Clock.Time(() => array.AsSpan(blockValues).CopyTo(array));
            FillFrom(array.AsSpan(array.Length - blockValues), next);
            next += blockValues;
        }

        bool isSame = Values(window, 0, length).SequenceEqual(array);
        output.WriteLine($"a window of {megabytes} MiB moved on {Steps} times by {block >> 10} KiB");
        output.WriteLine($"  an array, copied down:     {Clock.Text(copying / Steps)} a step");
        output.WriteLine($"  the front's pages recycled: {Clock.Text(moving / Steps)} a step, {window.PieceCount} mappings");
        output.WriteLine($"  {Clock.Saved(moving, copying)} in all; the two are {(isSame ? "the same" : "DIFFERENT")}");
        return isSame;
    }

    private static Span<double> Values(PageBuffer window, long offset, long length) => MemoryMarshal.Cast<byte, double>(window.AsSpan(offset, checked((int)length)));

    private static void FillFrom(Span<double> values, long first)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = first + i;
    }
}
