using PageShift.Measurement.LiveMemory;
using PageShift.Measurement.Workloads;

namespace PageShift.Measurement;

/// <summary>The table of speeds: all measurements, in order.</summary>
public static class SpeedTable
{
    private const int FewMappings = 16;
    private const int ManyMappings = 60_000;
    private const int EntriesOfGiB = 1 << 18;
    private const string Kernel = "the running kernel's mremap";

    /// <summary>All measurements. A turn of ours takes some milliseconds, so that what the other side has left in the caches weighs little.</summary>
    public static IReadOnlyList<SpeedRow> All { get; } =
    [
        new TimedComparison("move 1 GiB populated, not congruent", "copying and clearing the same entries", new Target(RatioKind.Times, 1.5),
            Here(() => new Remap(MoveCase.NotCongruent, pairs: 8)), Here(() => new CopyAndClear(EntriesOfGiB, pairs: 8))),
        new TimedComparison("move 1 GiB populated, not congruent", Kernel, new Target(RatioKind.TimesFaster, 30),
            Here(() => new Remap(MoveCase.NotCongruent, pairs: 32)), KernelMove(MoveCase.NotCongruent, pairs: 2)),
        new TimedComparison("move 1 GiB at +512 MiB, congruent", Kernel, new Target(RatioKind.TimesFaster, 200),
            Here(() => new Remap(MoveCase.Congruent, pairs: 5000)), KernelMove(MoveCase.Congruent, pairs: 5)),
        new TimedComparison("the email's test program, whole call", Kernel, new Target(RatioKind.TimesFaster, 100, MostNanoseconds: 250),
            Here(() => new Remap(MoveCase.Email, pairs: 5000)), KernelMove(MoveCase.Email, pairs: 50)),
        new TimedComparison("translate, random over 1 GiB", "a page table of jagged arrays", new Target(RatioKind.TimesFaster, 2.5),
            Here(() => new RandomTranslation()), Here(() => new JaggedTranslation())),
        new TimedComparison("read 8 bytes, TLB hit", "an array of the same footprint", new Target(RatioKind.Times, 2),
            Here(() => new TlbHits()), Here(() => new ArrayReads())),
        new TimedComparison("map and unmap 4 KiB, 60,000 mappings", "the same with 16 mappings", new Target(RatioKind.Times, 1.5),
            Here(() => new MapAndUnmap(ManyMappings)), Here(() => new MapAndUnmap(FewMappings))),
        new TimedComparison("map and unmap 4 KiB, 16 mappings", "the running kernel", new Target(RatioKind.TimesFaster, 10),
            Here(() => new MapAndUnmap(FewMappings)), KernelMapping(FewMappings)),
        new TimedComparison("map and unmap 4 KiB, 60,000 mappings", "the running kernel", new Target(RatioKind.TimesFaster, 10),
            Here(() => new MapAndUnmap(ManyMappings)), KernelMapping(ManyMappings)),
        new TimedComparison("fault in a page, zeroing excluded", "the running kernel's fault", new Target(RatioKind.TimesFaster, 20),
            Here(() => new Faults()), KernelFaults.TryStart),
        new LogSpeed(),
        new EngineMemory(),
        new StartUp(),
        .. LiveMemoryRows.All,
    ];

    private static WorkloadFactory Here(Func<Workload> make) => (out string? reason) =>
    {
        reason = null;
        return make();
    };

    private static WorkloadFactory KernelMove(MoveCase move, int pairs) => (out string? reason) => KernelRemap.TryStart(move, pairs, out reason);

    private static WorkloadFactory KernelMapping(int mappings) => (out string? reason) => KernelMapAndUnmap.TryStart(mappings, out reason);
}
