using BenchmarkDotNet.Attributes;
using PageShift.Measurement;
using PageShift.Measurement.Workloads;

namespace PageShift.Benchmarks;

/// <summary>The workloads that <c>pageshift bench</c> times too, each for itself.</summary>
public abstract class WorkloadBenchmarks
{
    private Workload _workload = null!;

    [GlobalCleanup]
    public void CleanUp() => _workload.Dispose();

    protected void Use(Workload workload) => _workload = workload;

    protected void Run() => _workload.Run();
}

/// <summary>Whole calls of Remap, and what moving the same entries can't do without.</summary>
public class RemapBenchmarks : WorkloadBenchmarks
{
    [GlobalSetup(Target = nameof(NotCongruent))]
    public void SetUpNotCongruent() => Use(new Remap(MoveCase.NotCongruent, pairs: 1));

    [GlobalSetup(Target = nameof(Congruent))]
    public void SetUpCongruent() => Use(new Remap(MoveCase.Congruent, pairs: 1));

    [GlobalSetup(Target = nameof(Email))]
    public void SetUpEmail() => Use(new Remap(MoveCase.Email, pairs: 1));

    [GlobalSetup(Target = nameof(CopyAndClear))]
    public void SetUpCopyAndClear() => Use(new CopyAndClear(1 << 18, pairs: 1));

    [Benchmark(Description = "Remap 1 GiB, not congruent", OperationsPerInvoke = 2)]
    public void NotCongruent() => Run();

    [Benchmark(Description = "copy and clear the same entries", OperationsPerInvoke = 2)]
    public void CopyAndClear() => Run();

    [Benchmark(Description = "Remap 1 GiB, congruent", OperationsPerInvoke = 2)]
    public void Congruent() => Run();

    [Benchmark(Description = "Remap of the email's test program", OperationsPerInvoke = 2)]
    public void Email() => Run();
}

/// <summary>Accesses to memory.</summary>
public class AccessBenchmarks : WorkloadBenchmarks
{
    [GlobalSetup(Target = nameof(Hit))]
    public void SetUpHit() => Use(new TlbHits());

    [GlobalSetup(Target = nameof(ArrayRead))]
    public void SetUpArrayRead() => Use(new ArrayReads());

    [GlobalSetup(Target = nameof(Translate))]
    public void SetUpTranslate() => Use(new RandomTranslation());

    [GlobalSetup(Target = nameof(TranslateJagged))]
    public void SetUpTranslateJagged() => Use(new JaggedTranslation());

    [GlobalSetup(Target = nameof(LoadEntries))]
    public void SetUpLoadEntries() => Use(new RandomLoads());

    [Benchmark(Description = "read, TLB hit", OperationsPerInvoke = TlbHits.Count)]
    public void Hit() => Run();

    [Benchmark(Description = "read an array", OperationsPerInvoke = TlbHits.Count)]
    public void ArrayRead() => Run();

    [Benchmark(Description = "translate, random over 1 GiB", OperationsPerInvoke = RandomTranslation.Count)]
    public void Translate() => Run();

    [Benchmark(Description = "translate with jagged arrays", OperationsPerInvoke = RandomTranslation.Count)]
    public void TranslateJagged() => Run();

    [Benchmark(Description = "load the same entries, without a walk", OperationsPerInvoke = RandomTranslation.Count)]
    public void LoadEntries() => Run();
}

/// <summary>Faults: first writes to pages, and dropping them again.</summary>
public class FaultBenchmarks
{
    private readonly Faults _faults = new();

    [GlobalCleanup]
    public void CleanUp() => _faults.Dispose();

    [Benchmark(Description = "fault in and drop a page", OperationsPerInvoke = Faults.Count)]
    public void FaultAndDrop()
    {
        _faults.Prepare();
        _faults.Run();
    }
}

/// <summary>mmap and munmap of a page beside other mappings.</summary>
public class MappingBenchmarks : WorkloadBenchmarks
{
    [Params(16, 60_000)]
    public int Mappings { get; set; }

    [GlobalSetup]
    public void SetUp() => Use(new MapAndUnmap(Mappings));

    [Benchmark(Description = "map and unmap 4 KiB", OperationsPerInvoke = MapAndUnmap.Count)]
    public void MapUnmap() => Run();
}

/// <summary>Logs: 8 MiB read and executed.</summary>
public class LogBenchmarks : WorkloadBenchmarks
{
    [GlobalSetup]
    public void SetUp() => Use(new LogExecution());

    [Benchmark(Description = "read and execute a log of 8 MiB")]
    public void ReadAndExecute() => Run();
}
