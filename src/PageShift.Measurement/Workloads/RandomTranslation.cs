using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>Translations at random over 1 GiB of populated memory, by a <see cref="VirtualProcessor"/>, whose TLB holds next to nothing of it.</summary>
public sealed class RandomTranslation : Workload
{
    internal const ulong Start = 4UL << 30;
    internal const ulong Pages = 1UL << 18;

    /// <summary>The operations of one run.</summary>
    public const int Count = RandomAddresses.Count;

    private readonly uint[] _offsets = RandomAddresses.Make();
    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly AddressSpace _space;
    private readonly VirtualProcessor _processor;

    /// <summary>Maps and populates the GiB.</summary>
    public RandomTranslation()
    {
        _space = new AddressSpace(_memory);
        _processor = _space.CreateProcessor();
        CallResult mapped = _space.Map(
            new VirtualAddress(Start), new ByteLength(Pages << PageSize.Shift), Protection.Read | Protection.Write,
            MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate);
        if (mapped.IsError)
            throw new InvalidOperationException($"The workload's memory could not be mapped: {mapped}.");
    }

    /// <inheritdoc/>
    public override int Operations => RandomAddresses.Count;

    /// <summary>The sum of what was found, so that no translation can be left out.</summary>
    public ulong Sum { get; private set; }

    /// <inheritdoc/>
    public override void Run()
    {
        ulong sum = 0;
        using AccessScope scope = _processor.EnterAccess();
        foreach (uint offset in _offsets)
        {
            if (scope.TryTranslate(new VirtualAddress(Start + offset), AccessKind.Read, out ulong physical) != AccessFault.None)
                throw new InvalidOperationException("A page of the workload is not mapped.");
            sum += physical;
        }

        Sum += sum;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _processor.Dispose();
        _space.Dispose();
        _memory.Dispose();
    }
}
