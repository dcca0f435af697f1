using PageShift.Memory.Kernel;

namespace PageShift.Memory;

/// <summary>What the running system can do for this library. Everything works everywhere; these say how.</summary>
/// <remarks>Thread-safe. Found out once, by trying.</remarks>
public static class MemoryCapabilities
{
    // A shortage of memory is not kept: who asks later finds out.
    private static readonly Lazy<bool> MappedTwice = new(
        () =>
        {
            using var ring = new MirroredRing(1);
            return ring.IsMirrored;
        },
        LazyThreadSafetyMode.PublicationOnly);

    /// <summary>The bytes of a page, by which all that shifts pages is measured: 4, 16 or 64 KiB.</summary>
    public static int PageSize => Environment.SystemPageSize;

    /// <summary>The bytes that one page table covers: 2 MiB with pages of 4 KiB. Shifts by multiples of it move whole tables.</summary>
    public static long PageTableSpan => (long)new TableSpans((ulong)PageSize).Pmd;

    /// <summary>True when pages are moved by page-table entries (Linux 5.7 and newer: mremap with MREMAP_DONTUNMAP); false when all is done by copying.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room to try it.</exception>
    public static bool MovesPages => SystemKernel.Instance.MovesPages;

    /// <summary>True when small pieces are merged by moving their pages (Linux 6.8 and newer: UFFDIO_MOVE, where userfaultfd is allowed); false when they are merged by copying.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room to try it.</exception>
    public static bool MovesSinglePages => SystemKernel.Instance.MovesSinglePages;

    /// <summary>True when memory can be mapped twice, as <see cref="MirroredRing"/> does; false when the ring keeps its second place by copying.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room to try it.</exception>
    public static bool MapsTwice => MappedTwice.Value;
}
