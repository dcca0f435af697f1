using PageShift.Units;

namespace PageShift.Translation;

/// <summary>The processors of an address space, which are told of every translation that has gone, and how often they were.</summary>
/// <remarks>Guarded by the mapping lock, exclusively.</remarks>
internal sealed class SpaceProcessors
{
    private readonly List<VirtualProcessor> _processors = [];

    /// <summary>How often the TLBs were flushed.</summary>
    internal ulong Flushes { get; private set; }

    internal void Add(VirtualProcessor processor) => _processors.Add(processor);

    /// <summary>Takes a processor out and makes it unusable, if it is one of these.</summary>
    internal void Remove(VirtualProcessor processor)
    {
        if (_processors.Remove(processor))
            processor.Detach();
    }

    /// <summary>Takes all out.</summary>
    internal void Clear()
    {
        foreach (VirtualProcessor processor in _processors)
            processor.Detach();
        _processors.Clear();
    }

    /// <summary>Makes every processor's TLB forget <paramref name="range"/>: one flush.</summary>
    internal void Flush(AddressRange range)
    {
        Flushes++;
        foreach (VirtualProcessor processor in _processors)
            processor.Invalidate(range);
    }

    /// <summary>Makes every processor's TLB forget all from the lower of two ranges to the higher: one flush.</summary>
    internal void Flush(AddressRange one, AddressRange other)
    {
        if (_processors.Count == 0)
            Flushes++; // nobody has a translation to forget
        else
            Flush(new AddressRange(VirtualAddress.Min(one.Start, other.Start), VirtualAddress.Max(one.End, other.End)));
    }

    /// <summary>Checks that no TLB remembers what the tables do not hold.</summary>
    /// <exception cref="InvalidOperationException">One does.</exception>
    internal void Verify()
    {
        foreach (VirtualProcessor processor in _processors)
            processor.Verify();
    }
}
