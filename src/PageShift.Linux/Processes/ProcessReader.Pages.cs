using System.Buffers.Binary;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Processes;

/// <content>The pages, from /proc/PID/pagemap: by its PAGEMAP_SCAN request where the kernel has it (6.7), else entry by entry over the
/// mappings.</content>
public sealed partial class ProcessReader
{
    private const int EntryBytes = 8;
    private const ulong PresentBit = 1UL << 63;
    private const ulong SwappedBit = 1UL << 62;
    private const ulong FileOrSharedBit = 1UL << 61;
    private const ulong GuardBit = 1UL << 58;

    private readonly PageRegion[] _regions = new PageRegion[256];
    private readonly byte[] _entries = new byte[512 * EntryBytes];
    private readonly List<KernelMapping> _scanned = [];
    private readonly List<PageRun> _found = [];
    private bool _canScan;
    private bool _knowsGuards = true;
    private PageKinds _told;

    /// <summary>Appends the occupied runs of <paramref name="range"/>, in ascending order. Adjacent pages of equal kind are one run.</summary>
    /// <param name="range">Where to look.</param>
    /// <param name="into">Takes the runs.</param>
    /// <param name="told">Which of <see cref="PageKinds.Zero"/>, <see cref="PageKinds.Guard"/> and <see cref="PageKinds.Large"/> to tell too; zero and large pages are known
    /// only to the PAGEMAP_SCAN request.</param>
    /// <returns>False when the process has ended, or its pages may not be told.</returns>
    public bool ReadPages(AddressRange range, List<PageRun> into, PageKinds told = PageKinds.None)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (_pageMap is null) return false;
        _told = told;
        // The kernel refuses a range that leaves user space.
        range = range.Intersect(new AddressRange(VirtualAddress.Zero, new VirtualAddress(TaskEnd)));
        if (range.IsEmpty) return true;
        range = new AddressRange(range.Start.PageStart, range.End.AlignUp(PageSize.Length));
        int first = into.Count;
        return _canScan ? Scan(range, into, first) : ReadEntries(range, into, first);
    }

    /// <summary>Finds the lowest occupied page of <paramref name="range"/>, page-aligned.</summary>
    /// <param name="range">Where to look, within user space.</param>
    /// <param name="isOnlyPrivate">Passes over pages of files and of shared memory, and over the page of zeroes: what is left makes Linux give a mapping its anon identity.</param>
    /// <param name="page">The page.</param>
    /// <returns>False when there is none, or the process has ended.</returns>
    internal bool TryFindFirstPage(AddressRange range, bool isOnlyPrivate, out VirtualAddress page)
    {
        page = default;
        if (range.IsEmpty || _pageMap is null) return false;
        if (_canScan)
        {
            CallResult found = Kernel.IoctlPageMapScan(
                _pageMap, range.Start.Value, range.End.Value, _regions.AsSpan(0, 1), out _, PageCategories.Present, isOnlyPrivate, mostPages: 1);
            if (found.Error is not (Errno.UnknownRequest or Errno.InvalidArgument))
            {
                page = new VirtualAddress(_regions[0].Start);
                return found.Raw > 0;
            }

            _canScan = false;
        }

        _found.Clear();
        if (!ReadEntries(range, _found, 0)) return false;
        foreach (PageRun run in _found)
        {
            if (isOnlyPrivate && (run.Kinds & PageKinds.FileOrShared) != 0) continue;
            page = run.Range.Start;
            return true;
        }

        return false;
    }

    private bool Scan(AddressRange range, List<PageRun> into, int first)
    {
        ulong position = range.Start.Value;
        while (position < range.End.Value)
        {
            CallResult found = Kernel.IoctlPageMapScan(_pageMap!, position, range.End.Value, _regions, out ulong walkEnd, Categories);
            if (found.Error == Errno.InvalidArgument && AsksForGuards)
            {
                _knowsGuards = false; // a kernel older than the category
                continue;
            }

            if (found.Error is Errno.UnknownRequest or Errno.InvalidArgument)
            {
                _canScan = false;
                into.RemoveRange(first, into.Count - first);
                return ReadEntries(range, into, first);
            }

            if (found.IsError) return false;
            foreach (ref readonly PageRegion region in _regions.AsSpan(0, (int)found.Raw))
                Append(into, first, region.Start, region.End, KindsOfCategories(region.Categories));
            if (walkEnd <= position) return false;
            position = walkEnd;
        }

        return true;
    }

    private bool ReadEntries(AddressRange range, List<PageRun> into, int first)
    {
        _scanned.Clear();
        if (!ReadMappings(range, _scanned)) return false;
        foreach (KernelMapping mapping in _scanned)
        {
            AddressRange part = mapping.Range.Intersect(range);
            for (ulong address = part.Start.Value; address < part.End.Value;)
            {
                int pages = (int)Math.Min((part.End.Value - address) >> PageSize.Shift, (ulong)(_entries.Length / EntryBytes));
                CallResult read = Kernel.Pread64(_pageMap!, _entries.AsSpan(0, pages * EntryBytes), address >> PageSize.Shift << 3);
                if (read.Raw <= 0) return false;
                for (int index = 0; index < (int)read.Raw / EntryBytes; index++, address += PageSize.Bytes)
                {
                    PageKinds kinds = KindsOfEntry(BinaryPrimitives.ReadUInt64LittleEndian(_entries.AsSpan(index * EntryBytes)));
                    if (kinds != PageKinds.None) Append(into, first, address, address + PageSize.Bytes, kinds);
                }
            }
        }

        return true;
    }

    private bool AsksForGuards => _knowsGuards && (_told & PageKinds.Guard) != 0;

    private PageCategories Categories => PageCategories.File | PageCategories.Present | PageCategories.Swapped
        | ((_told & PageKinds.Zero) != 0 ? PageCategories.Zero : 0)
        | ((_told & PageKinds.Large) != 0 ? PageCategories.Huge : 0)
        | (AsksForGuards ? PageCategories.Guard : 0);

    private static PageKinds KindsOfCategories(PageCategories categories) =>
        ((categories & PageCategories.Zero) != 0 ? PageKinds.Zero : 0)
        | ((categories & PageCategories.Huge) != 0 ? PageKinds.Large : 0)
        | ((categories & PageCategories.Guard) != 0 ? PageKinds.Guard : 0)
        | ((categories & PageCategories.Present) != 0 ? PageKinds.Present : 0)
        | ((categories & PageCategories.Swapped) != 0 ? PageKinds.Swapped : 0)
        | ((categories & PageCategories.File) != 0 ? PageKinds.FileOrShared : 0);

    private PageKinds KindsOfEntry(ulong entry) => (entry & (PresentBit | SwappedBit)) == 0
        ? PageKinds.None
        : ((entry & PresentBit) != 0 ? PageKinds.Present : 0)
            | ((entry & SwappedBit) != 0 ? PageKinds.Swapped : 0)
            | ((entry & FileOrSharedBit) != 0 ? PageKinds.FileOrShared : 0)
            | ((entry & GuardBit) != 0 ? _told & PageKinds.Guard : 0);

    private static void Append(List<PageRun> into, int first, ulong start, ulong end, PageKinds kinds)
    {
        if (into.Count > first && into[^1].Range.End.Value == start && into[^1].Kinds == kinds)
            into[^1] = new PageRun(new AddressRange(into[^1].Range.Start, new VirtualAddress(end)), kinds);
        else
            into.Add(new PageRun(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), kinds));
    }
}
