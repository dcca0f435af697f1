using BenchmarkDotNet.Attributes;
using PageShift.Memory;

namespace PageShift.Benchmarks;

/// <summary>A window of 4 GiB that slides on by 64 MiB, again and again: the same as the row of the table of speeds, without a copy of 4 GiB between two slides, which empties the processor's caches.</summary>
public class SlidingWindowBenchmarks
{
    private const long Window = 4L << 30;
    private const long Step = 64 << 20;

    private PageBuffer _buffer = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _buffer = new PageBuffer(Window, new PageBufferOptions { Capacity = 4 * Window });
        for (long at = 0; at < Window; at += _buffer.PageSize)
            _buffer.AsSpan(at, 1)[0] = 1;
    }

    [GlobalCleanup]
    public void CleanUp() => _buffer.Dispose();

    [Benchmark(Description = "slide")]
    public long Slide()
    {
        _buffer.Slide(Step);
        return _buffer.Length;
    }
}
