using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>Reads of 8 bytes that all hit the TLB, each in another page and line than the one before, over as much memory as the TLB reaches: 1 MiB.</summary>
public sealed class TlbHits : Workload
{
    /// <summary>The operations of one run.</summary>
    public const int Count = 100_000;
    internal const int Values = 1 << 17;

    /// <summary>From one value to the next: a page and a line.</summary>
    internal const int Stride = (4096 + 64) / sizeof(long);

    private const ulong Start = 4UL << 30;

    private readonly AddressSpace _space = new();
    private readonly VirtualProcessor _processor;

    /// <summary>Maps the memory, and reads it once.</summary>
    public TlbHits()
    {
        _processor = _space.CreateProcessor();
        _space.Map(new VirtualAddress(Start), new ByteLength(Values * sizeof(long)), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        for (int i = 0; i < Values; i++)
            _processor.Write(new VirtualAddress(Start + ((ulong)i * sizeof(long))), (long)i);
    }

    /// <inheritdoc/>
    public override int Operations => Count;

    /// <summary>The sum of what was read, so that no read can be left out.</summary>
    public long Sum { get; private set; }

    /// <inheritdoc/>
    public override void Run()
    {
        long sum = 0;
        using AccessScope scope = _processor.EnterAccess();
        for (int i = 0; i < Count; i++)
        {
            ulong offset = (ulong)((i * Stride) & (Values - 1)) * sizeof(long);
            if (scope.TryRead(new VirtualAddress(Start + offset), out long value) != AccessFault.None)
                throw new InvalidOperationException("A page of the workload is not mapped.");
            sum += value;
        }

        Sum += sum;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _processor.Dispose();
        _space.Dispose();
    }
}
