using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Tests.Model;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.ForeignMmu;

/// <summary>Leaves of every level with every combination of bits, and markers between them, whole, and moved so that they are split.</summary>
public sealed class LargeLeafTests
{
    private const ulong Megabytes2 = 2UL << 20;
    private const ulong Gigabyte = 1UL << 30;

    private const ulong Start = 64 * Gigabyte;

    /// <summary>Congruent modulo 1 GiB, modulo 2 MiB, and not at all.</summary>
    private static readonly ulong[] Distances = [128 * Gigabyte, (128 * Gigabyte) + (6 * Megabytes2), (128 * Gigabyte) + (5 * PageSize.Bytes)];

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Another_processor_finds_large_leaves_and_their_parts_after_every_move(int levels)
    {
        Guest.OrSkip();
        var totals = new WalkTotals();
        for (int round = 0; round < MovePolicyName.All.Count * ModelRun.Factor; round++)
        {
            MovePolicy policy = MovePolicyName.All[round % MovePolicyName.All.Count];
            int seed = ModelRun.Factor > 1 ? Random.Shared.Next() : round;
            if (RunRound(levels, policy, new Random(seed), totals) is { } failure)
                Assert.Fail($"{MovePolicyName.Of(policy)}, seed {seed}: {failure}");
        }

        foreach (PageTableLevel level in new[] { PageTableLevel.Pte, PageTableLevel.Pmd, PageTableLevel.Pud })
        {
            foreach (string kind in new[] { "Read", "Write", "Execute" })
                Assert.True(totals[$"{kind} at {level}"] > 0, $"No {kind} at {level} in\n{totals}");
        }
    }

    private static string? RunRound(int levels, MovePolicy policy, Random random, WalkTotals totals)
    {
        PagingGeometry geometry = levels == PagingGeometry.MaximumLevels ? PagingGeometry.X86FiveLevel : PagingGeometry.X86;
        using var planted = new PlantedSpace(geometry, policy, random);

        // [2 MiB of pages, with some at each end missing][1 GiB][three of 2 MiB][2 MiB of pages]
        AddressRange range = planted.Map(Start - Megabytes2, Gigabyte + (5 * Megabytes2));
        planted.PlantPages(new AddressRange(new VirtualAddress(Start - Megabytes2 + (3 * PageSize.Bytes)), new VirtualAddress(Start)));
        planted.PlantLeaf(Start, PageTableLevel.Pud, planted.RandomBits());
        for (ulong i = 0; i < 3; i++)
            planted.PlantLeaf(Start + Gigabyte + (i * Megabytes2), PageTableLevel.Pmd, planted.RandomBits());
        planted.PlantPages(new AddressRange(new VirtualAddress(Start + Gigabyte + (3 * Megabytes2)), range.End));
        if (Check(planted, random, totals) is { } before)
            return $"before the moves, {before}";

        // All of it, to somewhere; then a part, whose ends lie in leaves.
        ulong moved = range.Start.Value + Distances[random.Next(Distances.Length)];
        Move(planted.Space, range.Start.Value, range.Length.Value, moved);
        if (Check(planted, random, totals) is { } after)
            return $"after the move to 0x{moved:x}, {after}";
        ulong part = moved + ((ulong)random.Next(1, 1000) << PageSize.Shift);
        ulong length = Gigabyte + ((ulong)random.Next(1, 1000) << PageSize.Shift);
        ulong partMoved = part + Distances[random.Next(Distances.Length)];
        Move(planted.Space, part, length, partMoved);
        planted.Verify();
        return Check(planted, random, totals) is { } last ? $"after the move of 0x{length:x} bytes at 0x{part:x} to 0x{partMoved:x}, {last}" : null;
    }

    private static void Move(AddressSpace space, ulong from, ulong length, ulong to) => Assert.Equal(new VirtualAddress(to), space.Remap(
        new VirtualAddress(from), new ByteLength(length), new ByteLength(length), RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(to)).Address);

    private static string? Check(PlantedSpace planted, Random random, WalkTotals totals)
    {
        using var check = new WalkCheck(planted.Memory, random);
        check.Add(planted.Space, planted.Processor);
        check.Prepare();
        string? failure = check.Run();
        totals.AddAll(check.Totals);
        return failure;
    }
}
