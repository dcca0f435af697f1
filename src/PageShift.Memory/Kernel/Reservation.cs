using System.Runtime.ConstrainedExecution;

namespace PageShift.Memory.Kernel;

/// <summary>Address space that belongs to its owner alone, in whole blocks of the page tables, so that nothing else lives in the blocks at its ends. Given back when disposed or
/// finalised.</summary>
internal sealed class Reservation : CriticalFinalizerObject, IDisposable
{
    private readonly IMemoryKernel _kernel;
    private int _isReleased;

    private Reservation(IMemoryKernel kernel, ulong start, ulong length)
    {
        _kernel = kernel;
        Start = start;
        Length = length;
    }

    /// <summary>Gives back what was not disposed of.</summary>
    ~Reservation() => Release();

    /// <summary>The first address.</summary>
    internal ulong Start { get; }

    /// <summary>The bytes.</summary>
    internal ulong Length { get; }

    /// <summary>The address after the last byte.</summary>
    internal ulong End => Start + Length;

    /// <summary>Takes whole blocks of at least <paramref name="length"/> bytes; null when there is no room.</summary>
    internal static Reservation? TryTake(IMemoryKernel kernel, ulong length, PageAccess access)
    {
        const ulong Most = 1UL << 56; // beyond any address space; sums don't overflow below it
        if (length > Most)
            return null;
        length = Math.Max(length, 1);
        if (!kernel.MovesPages)
        {
            length = RoundUp(length, kernel.PageSize);
            long unaligned = kernel.Map(0, length, access, MapOptions.Private);
            return unaligned < 0 ? null : new Reservation(kernel, (ulong)unaligned, length);
        }

        var spans = new TableSpans(kernel.PageSize);
        ulong block = length >= spans.Pud ? spans.Pud : spans.Pmd;
        length = RoundUp(length, block);
        long place = kernel.Map(0, length + block, access, MapOptions.Private);
        if (place < 0)
            return null;
        var from = (ulong)place;
        ulong start = RoundUp(from, block);
        if (start > from)
            kernel.Unmap(from, start - from); // what is not given back costs address space only
        kernel.Unmap(start + length, block - (start - from));
        return new Reservation(kernel, start, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Leaves the address space mapped for ever: another's mapping may be in it.</summary>
    internal void Abandon()
    {
        _isReleased = 1;
        GC.SuppressFinalize(this);
    }

    private static ulong RoundUp(ulong value, ulong unit) => (value + unit - 1) & ~(unit - 1);

    private void Release()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
            _kernel.Unmap(Start, Length);
    }
}
