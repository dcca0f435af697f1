using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>The PAGEMAP_SCAN request of /proc/PID/pagemap (Linux 6.7): runs of pages of equal kind.
/// Source: <c>include/uapi/linux/fs.h</c> (layout and values).</summary>
internal static unsafe class PageMapScan
{
    internal const ulong File = 1 << 2;
    internal const ulong Present = 1 << 3;
    internal const ulong Swapped = 1 << 4;
    internal const ulong Zero = 1 << 5;
    internal const ulong Huge = 1 << 6;
    internal const ulong Guard = 1 << 8;
    private const long ControlNumber = 16;
    private const long Request = 0xC0606610;

    /// <summary>Fills <paramref name="regions"/> with the occupied runs of [<paramref name="start"/>, <paramref name="end"/>).</summary>
    /// <param name="pageMapDescriptor">/proc/PID/pagemap, opened for reading.</param>
    /// <param name="start">The first address; a multiple of 4 KiB.</param>
    /// <param name="end">The first address after the range; a multiple of 4 KiB.</param>
    /// <param name="regions">Takes the runs.</param>
    /// <param name="walkEnd">Where the walk stopped: <paramref name="end"/>, or earlier when <paramref name="regions"/> was full.</param>
    /// <param name="told">The categories that the runs are told by.</param>
    /// <param name="isOnlyPrivate">Passes over pages of files and of shared memory, and over the page of zeroes.</param>
    /// <param name="mostPages">Stop after so many pages; 0 for no limit.</param>
    /// <returns>The number of runs, or an error.</returns>
    internal static CallResult Run(
        int pageMapDescriptor, ulong start, ulong end, Span<Region> regions, out ulong walkEnd, ulong told, bool isOnlyPrivate = false, ulong mostPages = 0)
    {
        fixed (Region* vector = regions)
        {
            var request = new Argument
            {
                Size = (ulong)sizeof(Argument),
                Start = start,
                End = end,
                Vector = (ulong)vector,
                VectorLength = (ulong)regions.Length,
                MaximumPages = mostPages,
                Inverted = isOnlyPrivate ? File | Zero : 0,
                AllOf = isOnlyPrivate ? File | Zero : 0,
                AnyOf = Present | Swapped,
                Return = told,
            };
            CallResult result = SystemCall.Invoke(ControlNumber, pageMapDescriptor, unchecked((nint)Request), (nint)(&request));
            walkEnd = request.WalkEnd;
            return result;
        }
    }

    /// <summary>The kernel's <c>struct page_region</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Region
    {
        internal ulong Start;
        internal ulong End;
        internal ulong Categories;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Argument
    {
        internal ulong Size;
        internal ulong Flags;
        internal ulong Start;
        internal ulong End;
        internal ulong WalkEnd;
        internal ulong Vector;
        internal ulong VectorLength;
        internal ulong MaximumPages;
        internal ulong Inverted;
        internal ulong AllOf;
        internal ulong AnyOf;
        internal ulong Return;
    }
}
