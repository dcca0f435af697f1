using System.Diagnostics;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Settings;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Measurement;

/// <summary>What the engine takes of the host's memory for 1 TiB of populated mappings, beside the bytes of the page tables themselves.</summary>
public sealed class EngineMemory() : SpeedRow("memory for 1 TiB populated, bytes-free", "the page tables' own bytes", new Target(RatioKind.Times, 1.5))
{
    private const ulong Start = 1UL << 40;
    private const ulong Bytes = 1UL << 40;
    private const ulong Step = 1UL << 36;

    /// <summary>The host's bytes without which it is not measured: tables of 2 GiB, and half as much for everything else.</summary>
    public const ulong NeededBytes = 3UL << 30;

    private const string TooLittle = "there is too little memory for the page tables of 1 TiB, which take 2 GiB";

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (MachineMemory.ReadAvailable().Value < NeededBytes)
            return NotPossible(TooLittle);
        GC.Collect();
        long before = Resident();
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        for (ulong done = 0; done < Bytes; done += Step)
        {
            CallResult mapped = space.Map(
                new VirtualAddress(Start + done), new ByteLength(Step), Protection.Read | Protection.Write,
                MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate);
            if (mapped.IsError)
                throw new InvalidOperationException($"The workload's memory could not be mapped: {mapped}.");
        }

        if (memory.DataFrames != Bytes >> PageSize.Shift)
            return NotPossible(TooLittle);
        return Judge(new Quantity(Resident() - before, Unit.Bytes), new Quantity(memory.TableFrames * PageSize.Bytes, Unit.Bytes));
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
