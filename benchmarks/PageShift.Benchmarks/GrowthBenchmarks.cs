using BenchmarkDotNet.Attributes;
using PageShift.Measurement.LiveMemory;

namespace PageShift.Benchmarks;

/// <summary>Growing by appending 1 MiB at a time, and giving all back: the library's list beside the containers that people use.</summary>
[MemoryDiagnoser]
public class GrowthBenchmarks
{
    private static readonly byte[] Part = new byte[1 << 20];

    [ParamsSource(nameof(Containers))]
    public string Container { get; set; } = GrowingContainers.Ours;

    [Params(64, 1945)]
    public int MiB { get; set; }

    public static IEnumerable<string> Containers => GrowingContainers.All.Keys;

    [Benchmark(Description = "grow and dispose")]
    public void Grow()
    {
        using IGrowing growing = GrowingContainers.All[Container]();
        for (int step = 0; step < MiB; step++)
            growing.Append(Part);
    }
}
