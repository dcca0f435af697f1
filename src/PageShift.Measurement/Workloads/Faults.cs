using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>First writes to anonymous pages, one after the other. The memory is bytes-free, so that no page is zeroed.</summary>
public sealed class Faults : Workload
{
    /// <summary>The operations of one run.</summary>
    public const int Count = 4096;

    private const ulong Start = 4UL << 30;

    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly AddressSpace _space;
    private readonly VirtualProcessor _processor;

    /// <summary>Maps the memory.</summary>
    public Faults()
    {
        _space = new AddressSpace(_memory);
        _processor = _space.CreateProcessor();
        if (_space.Map(new VirtualAddress(Start), Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError)
            throw new InvalidOperationException("The workload's memory could not be mapped.");
    }

    /// <inheritdoc/>
    public override int Operations => Count;

    private static ByteLength Length => new(Count * PageSize.Bytes);

    /// <inheritdoc/>
    public override void Prepare() => _space.Advise(new VirtualAddress(Start), Length, Advice.DontNeed);

    /// <inheritdoc/>
    public override void Run()
    {
        using AccessScope scope = _processor.EnterAccess();
        for (ulong page = 0; page < Count; page++)
        {
            if (scope.TryTouch(new VirtualAddress(Start + (page << PageSize.Shift)), AccessKind.Write) != AccessFault.None)
                throw new InvalidOperationException("A page of the workload could not be faulted in.");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _processor.Dispose();
        _space.Dispose();
        _memory.Dispose();
    }
}
