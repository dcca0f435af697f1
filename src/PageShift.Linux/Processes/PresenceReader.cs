using System.Buffers.Binary;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

/// <summary>Tells which pages of a process are present, from /proc/PID/pagemap: by its PAGEMAP_SCAN request where the
/// kernel has it (6.7), else entry by entry over the mappings. Nothing is faulted in.
/// Thread safety: none; one thread at a time.</summary>
public sealed class PresenceReader : IDisposable
{
    private const string Name = "pagemap";
    private const int EntryBytes = 8;
    private const ulong PresentBit = 1UL << 63;
    private const ulong SwappedBit = 1UL << 62;
    private const ulong FileOrSharedBit = 1UL << 61;
    private const ulong GuardBit = 1UL << 58;

    private readonly int _descriptor;
    private readonly MappingReader _mappings;
    private readonly PageMapScan.Region[] _regions = new PageMapScan.Region[256];
    private readonly byte[] _entries = new byte[512 * EntryBytes];
    private readonly List<KernelMapping> _scanned = [];
    private readonly List<PageRun> _found = [];
    private bool _canScan;
    private bool _knowsGuards = true;
    private PageKinds _told;

    private PresenceReader(int descriptor, MappingReader mappings, bool canScan)
    {
        _descriptor = descriptor;
        _mappings = mappings;
        _canScan = canScan;
    }

    /// <summary>Opens the page map of a process. The reader stays with the address space that the process has now, also after an exec.</summary>
    /// <exception cref="IOException">The process does not exist or may not be read.</exception>
    public static PresenceReader Open(int processId) =>
        TryOpen(processId, canScan: true, out CallResult opened) ?? throw ProcessFile.Failure(processId, Name, opened);

    /// <summary>Appends the occupied runs of <paramref name="range"/>, in ascending order. Adjacent pages of equal kind are one run.</summary>
    /// <param name="range">Where to look.</param>
    /// <param name="into">Takes the runs.</param>
    /// <param name="told">Which of <see cref="PageKinds.Zero"/>, <see cref="PageKinds.Guard"/> and <see cref="PageKinds.Large"/> to tell too; zero and large pages are known
    /// only to the PAGEMAP_SCAN request.</param>
    /// <returns>False when the process has ended.</returns>
    public bool Read(AddressRange range, List<PageRun> into, PageKinds told = PageKinds.None)
    {
        ArgumentNullException.ThrowIfNull(into);
        _told = told;
        // The kernel refuses a range that leaves user space.
        range = range.Intersect(new AddressRange(VirtualAddress.Zero, new VirtualAddress(HostLayout.TaskEnd)));
        if (range.IsEmpty) return true;
        range = new AddressRange(range.Start.PageStart, range.End.AlignUp(PageSize.Bytes));
        int first = into.Count;
        return _canScan ? Scan(range, into, first) : ReadEntries(range, into, first);
    }

    /// <summary>Finds the lowest occupied page of <paramref name="range"/>, page-aligned.</summary>
    /// <param name="range">Where to look, within user space.</param>
    /// <param name="isOnlyPrivate">Passes over pages of files and of shared memory, and over the page of zeroes: what is left makes Linux give a mapping its anon identity.</param>
    /// <param name="page">The page.</param>
    /// <returns>False when there is none, or the process has ended.</returns>
    public bool TryFindFirst(AddressRange range, bool isOnlyPrivate, out VirtualAddress page)
    {
        page = default;
        if (range.IsEmpty) return false;
        if (_canScan)
        {
            CallResult found = PageMapScan.Run(_descriptor, range.Start.Value, range.End.Value, _regions.AsSpan(0, 1), out _, PageMapScan.Present, isOnlyPrivate, mostPages: 1);
            if (found.Error is not (FileDescriptor.RequestUnknown or Errno.InvalidArgument))
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

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _ = FileDescriptor.Close(_descriptor);
        _mappings.Dispose();
    }

    /// <summary>Opens the page map of a process, or says why not. The caller chooses between the two ways, so that tests can compare them.</summary>
    internal static PresenceReader? TryOpen(int processId, bool canScan, out CallResult opened)
    {
        MappingReader? mappings = MappingReader.TryOpen(processId, canQuery: true, out opened);
        if (mappings is null) return null;
        opened = ProcessFile.Open(processId, Name);
        if (!opened.IsError) return new PresenceReader((int)opened.Raw, mappings, canScan);
        mappings.Dispose();
        return null;
    }

    private bool Scan(AddressRange range, List<PageRun> into, int first)
    {
        ulong position = range.Start.Value;
        while (position < range.End.Value)
        {
            CallResult found = PageMapScan.Run(_descriptor, position, range.End.Value, _regions, out ulong walkEnd, Categories);
            if (found.Error == Errno.InvalidArgument && AsksForGuards)
            {
                _knowsGuards = false; // a kernel older than the category
                continue;
            }

            if (found.Error is FileDescriptor.RequestUnknown or Errno.InvalidArgument)
            {
                _canScan = false;
                into.RemoveRange(first, into.Count - first);
                return ReadEntries(range, into, first);
            }

            if (found.IsError) return false;
            foreach (ref readonly PageMapScan.Region region in _regions.AsSpan(0, (int)found.Raw))
                Append(into, first, region.Start, region.End, KindsOfCategories(region.Categories));
            if (walkEnd <= position) return false;
            position = walkEnd;
        }

        return true;
    }

    private bool ReadEntries(AddressRange range, List<PageRun> into, int first)
    {
        _scanned.Clear();
        if (!_mappings.Read(range, _scanned)) return false;
        foreach (KernelMapping mapping in _scanned)
        {
            AddressRange part = mapping.Range.Intersect(range);
            for (ulong address = part.Start.Value; address < part.End.Value;)
            {
                int pages = (int)Math.Min((part.End.Value - address) >> PageSize.Shift, (ulong)(_entries.Length / EntryBytes));
                CallResult read = FileDescriptor.ReadAt(_descriptor, _entries.AsSpan(0, pages * EntryBytes), address >> PageSize.Shift << 3);
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

    private ulong Categories => PageMapScan.File | PageMapScan.Present | PageMapScan.Swapped
        | ((_told & PageKinds.Zero) != 0 ? PageMapScan.Zero : 0)
        | ((_told & PageKinds.Large) != 0 ? PageMapScan.Huge : 0)
        | (AsksForGuards ? PageMapScan.Guard : 0);

    private static PageKinds KindsOfCategories(ulong categories) =>
        ((categories & PageMapScan.Zero) != 0 ? PageKinds.Zero : 0)
        | ((categories & PageMapScan.Huge) != 0 ? PageKinds.Large : 0)
        | ((categories & PageMapScan.Guard) != 0 ? PageKinds.Guard : 0)
        | ((categories & PageMapScan.Present) != 0 ? PageKinds.Present : 0)
        | ((categories & PageMapScan.Swapped) != 0 ? PageKinds.Swapped : 0)
        | ((categories & PageMapScan.File) != 0 ? PageKinds.FileOrShared : 0);

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
