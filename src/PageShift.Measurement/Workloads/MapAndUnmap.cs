using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>mmap of one page wherever there is room, and munmap of it, beside many other mappings.</summary>
public sealed class MapAndUnmap : Workload
{
    /// <summary>The operations of one run.</summary>
    public const int Count = 1000;
    internal const ulong FirstAddress = 4UL << 30;

    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly AddressSpace _space;

    /// <summary>Makes <paramref name="mappings"/> mappings of one page, with a page between any two.</summary>
    public MapAndUnmap(int mappings)
    {
        _space = new AddressSpace(_memory);
        for (int i = 0; i < mappings; i++)
        {
            var address = new VirtualAddress(FirstAddress + ((ulong)i * 2 * PageSize.Bytes));
            if (_space.Map(address, PageSize.Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError)
                throw new InvalidOperationException("The workload's mappings could not be made.");
        }
    }

    /// <inheritdoc/>
    public override int Operations => Count;

    /// <inheritdoc/>
    public override void Run()
    {
        var length = PageSize.Length;
        for (int i = 0; i < Count; i++)
        {
            CallResult mapped = _space.Map(VirtualAddress.Zero, length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous);
            if (mapped.IsError || _space.Unmap(mapped.Address, length).IsError)
                throw new InvalidOperationException("A call of the workload failed.");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _space.Dispose();
        _memory.Dispose();
    }
}
