using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>The PAGEMAP_SCAN request of /proc/PID/pagemap (Linux 6.7): runs of pages of equal kind.
/// Source: <c>include/uapi/linux/fs.h</c> (layout and values).</content>
internal static unsafe partial class Kernel
{
    private const uint PageMapScanRequest = 0xC0606610;

    /// <summary>Fills <paramref name="regions"/> with the occupied runs of [<paramref name="start"/>, <paramref name="end"/>).</summary>
    /// <param name="pageMap">/proc/PID/pagemap, opened for reading.</param>
    /// <param name="start">The first address; a multiple of 4 KiB.</param>
    /// <param name="end">The first address after the range; a multiple of 4 KiB.</param>
    /// <param name="regions">Takes the runs.</param>
    /// <param name="walkEnd">Where the walk stopped: <paramref name="end"/>, or earlier when <paramref name="regions"/> was full.</param>
    /// <param name="told">The categories that the runs are told by.</param>
    /// <param name="isOnlyPrivate">Passes over pages of files and of shared memory, and over the page of zeroes.</param>
    /// <param name="mostPages">Stop after so many pages; 0 for no limit.</param>
    /// <returns>The number of runs, or an error.</returns>
    internal static CallResult IoctlPageMapScan(
        SafeHandle pageMap, ulong start, ulong end, Span<PageRegion> regions, out ulong walkEnd, PageCategories told, bool isOnlyPrivate = false, ulong mostPages = 0)
    {
        const PageCategories notPrivate = PageCategories.File | PageCategories.Zero;
        fixed (PageRegion* vector = regions)
        {
            var request = new PageMapScanArgument
            {
                Size = (ulong)sizeof(PageMapScanArgument),
                Start = start,
                End = end,
                Vector = (ulong)vector,
                VectorLength = (ulong)regions.Length,
                MaximumPages = mostPages,
                Inverted = isOnlyPrivate ? notPrivate : 0,
                AllOf = isOnlyPrivate ? notPrivate : 0,
                AnyOf = PageCategories.Present | PageCategories.Swapped,
                Return = told,
            };
            CallResult result = Ioctl(pageMap, PageMapScanRequest, &request);
            walkEnd = request.WalkEnd;
            return result;
        }
    }
}

/// <summary>PAGE_IS_*: what PAGEMAP_SCAN tells of a page.</summary>
[Flags]
internal enum PageCategories : ulong
{
    File = 1 << 2,
    Present = 1 << 3,
    Swapped = 1 << 4,
    Zero = 1 << 5,
    Huge = 1 << 6,
    Guard = 1 << 8,
}

/// <summary>The kernel's <c>struct page_region</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageRegion
{
    internal ulong Start;
    internal ulong End;
    internal PageCategories Categories;
}

/// <summary>The kernel's <c>struct pm_scan_arg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageMapScanArgument
{
    internal ulong Size;
    internal ulong Flags;
    internal ulong Start;
    internal ulong End;
    internal ulong WalkEnd;
    internal ulong Vector;
    internal ulong VectorLength;
    internal ulong MaximumPages;
    internal PageCategories Inverted;
    internal PageCategories AllOf;
    internal PageCategories AnyOf;
    internal PageCategories Return;
}
