using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>The PAGEMAP_SCAN request of ioctl(2) on /proc/PID/pagemap (6.7 and later): runs of equal pages, by walking
/// the tables once. Source: <c>include/uapi/linux/fs.h</c> (values).</summary>
internal static unsafe partial class PageScan
{
    private const nuint Request = 0xC0606610;

    /// <summary>PAGE_IS_*: what the kernel says of a page.</summary>
    [Flags]
    public enum Categories : ulong
    {
        File = 1 << 2,
        Present = 1 << 3,
        Swapped = 1 << 4,
        ZeroPage = 1 << 5,
        Huge = 1 << 6,
        Guard = 1 << 8,
    }

    /// <summary>Fills <paramref name="regions"/> with the runs in [<paramref name="start"/>, <paramref name="end"/>) that are present, swapped
    /// or guarded; <paramref name="walkEnd"/> is where it stopped, short of the end when there were more runs than room.</summary>
    public static Errno Scan(SafeFileHandle pagemap, ulong start, ulong end, Categories reported, Span<Region> regions, out int count, out ulong walkEnd)
    {
        fixed (Region* vector = regions)
        {
            var argument = new Argument
            {
                SizeBytes = (ulong)sizeof(Argument),
                Start = start,
                End = end,
                Vector = (ulong)vector,
                VectorLength = (ulong)regions.Length,
                AnyOf = reported & (Categories.Present | Categories.Swapped | Categories.Guard),
                Returned = reported,
            };
            nint found = Control(pagemap, Request, &argument);
            count = found < 0 ? 0 : (int)found;
            walkEnd = argument.WalkEnd;
            return KernelError.Of(found);
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, Argument* argument);

    /// <summary><c>struct page_region</c>, 24 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Region
    {
        public ulong Start;
        public ulong End;
        public Categories Categories;
    }

    /// <summary><c>struct pm_scan_arg</c>, 96 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Argument
    {
        public ulong SizeBytes;
        public ulong Flags;
        public ulong Start;
        public ulong End;
        public ulong WalkEnd;
        public ulong Vector;
        public ulong VectorLength;
        public ulong MaximumPages;
        public Categories Inverted;
        public Categories AllOf;
        public Categories AnyOf;
        public Categories Returned;
    }
}
