using System.Buffers;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Tracing.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Reads another process's mappings, page-table entries and bytes. What it reads of pages belongs to the address space that
/// the process had when this was opened: open it anew after an exec. Reading never faults a page in, save
/// <see cref="Read"/>. Needs the right to trace the process, which its tracer has. Not thread-safe.
/// Source: proc(5), pagemap, process_vm_readv(2).</summary>
public sealed class TracedMemory : IDisposable
{
    private const int FirstBufferBytes = 64 * 1024;
    private const int EntriesPerRead = 8192;
    private const int RegionsPerScan = 512;

    // Bits of an 8-byte entry of pagemap. Source: Documentation/admin-guide/mm/pagemap.rst.
    private const ulong EntryPresent = 1UL << 63;
    private const ulong EntrySwapped = 1UL << 62;
    private const ulong EntryFileOrShared = 1UL << 61;
    private const ulong EntryGuard = 1UL << 58;

    private const PageScan.Categories CategoriesOf67 = PageScan.Categories.Present | PageScan.Categories.Swapped
        | PageScan.Categories.File | PageScan.Categories.Huge | PageScan.Categories.ZeroPage;

    private readonly SafeFileHandle _pagemap;
    private readonly PageScan.Region[] _regions = new PageScan.Region[RegionsPerScan];
    private PageScan.Categories _categories = CategoriesOf67 | PageScan.Categories.Guard;

    private TracedMemory(int processId, SafeFileHandle pagemap)
    {
        ProcessId = processId;
        _pagemap = pagemap;
    }

    /// <summary>The process.</summary>
    public int ProcessId { get; }

    /// <summary>False makes <see cref="ReadPages"/> read entry by entry, as it does before Linux 6.7.</summary>
    internal bool MayScan { get; set; } = true;

    /// <summary>Opens the memory of a process. ENOENT: it has ended. EACCES or EPERM: this process may not trace it.</summary>
    public static Errno Open(int processId, out TracedMemory? memory)
    {
        Errno error = Files.OpenForReading(PathOf(processId, "pagemap"), out SafeFileHandle? pagemap);
        memory = error == Errno.None ? new TracedMemory(processId, pagemap!) : null;
        return error;
    }

    /// <summary>Replaces <paramref name="mappings"/> by the process's mappings, in ascending order. The kernel gathers them page by page of text: of
    /// a process that runs, they can be of different moments. ESRCH or ENOENT: the process has ended.</summary>
    /// <param name="mappings">Receives the mappings.</param>
    /// <param name="withFlags">Also reads each mapping's flags, for which the kernel walks all its page tables: slow in large processes.</param>
    public Errno ReadMappings(List<TracedMapping> mappings, bool withFlags = false)
    {
        ArgumentNullException.ThrowIfNull(mappings);
        mappings.Clear();
        Errno error = Files.OpenForReading(PathOf(ProcessId, withFlags ? "smaps" : "maps"), out SafeFileHandle? file);
        if (error != Errno.None)
            return error;

        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
        using (file)
        {
            error = ReadToEnd(file!, ref buffer, out int length);
            if (error == Errno.None)
                MapsText.Parse(buffer.AsSpan(0, length), mappings);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return error;
    }

    /// <summary>Replaces <paramref name="runs"/> by the runs of occupied page-table entries in <paramref name="range"/>, in ascending order;
    /// neighbouring runs differ in state. What is not listed is empty or not mapped. From 6.7 on the cost grows with the
    /// number of page tables and runs, before that with the length of the range.</summary>
    /// <exception cref="ArgumentException">The range is not page-aligned.</exception>
    public Errno ReadPages(AddressRange range, List<PageRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (!range.Start.IsPageAligned || !range.End.IsPageAligned)
            throw new ArgumentException("The range must start and end on a page boundary.", nameof(range));

        runs.Clear();
        if (range.IsEmpty)
            return Errno.None;

        Errno error = MayScan ? Scan(range, runs) : KernelError.UnknownRequest;
        if (error != KernelError.UnknownRequest)
            return error;

        MayScan = false;
        return ReadEntries(range, runs);
    }

    /// <summary>Copies bytes of the process, from <paramref name="address"/> up to the first page that can't be read. This faults pages in.
    /// EFAULT: not even the first byte can be read. ESRCH: the process has ended.</summary>
    public Errno Read(VirtualAddress address, Span<byte> destination, out int bytesRead) =>
        RemoteMemory.Read(ProcessId, address.Value, destination, out bytesRead);

    /// <inheritdoc/>
    public void Dispose() => _pagemap.Dispose();

    private Errno Scan(AddressRange range, List<PageRun> runs)
    {
        ulong start = range.Start.Value;
        while (start < range.End.Value)
        {
            Errno error = PageScan.Scan(_pagemap, start, range.End.Value, _categories, _regions, out int count, out ulong walkEnd);
            if (error == Errno.InvalidArgument && (_categories & PageScan.Categories.Guard) != 0)
            {
                // A kernel that does not know guard markers here refuses the question.
                _categories = CategoriesOf67;
                continue;
            }

            if (error != Errno.None)
                return error;

            foreach (PageScan.Region region in _regions.AsSpan(0, count))
                Append(runs, region.Start, region.End, StateOf(region.Categories));

            start = walkEnd;
        }

        return Errno.None;
    }

    private Errno ReadEntries(AddressRange range, List<PageRun> runs)
    {
        ulong[] entries = ArrayPool<ulong>.Shared.Rent(EntriesPerRead);
        ulong page = range.Start.Value >> PageSize.Shift;
        ulong lastPage = range.End.Value >> PageSize.Shift;
        var error = Errno.None;
        while (page < lastPage)
        {
            int wanted = (int)Math.Min((ulong)entries.Length, lastPage - page);
            error = Files.ReadWordsAt(_pagemap, page * sizeof(ulong), entries.AsSpan(0, wanted), out int count);

            // Reading stops at the end of what a process can map.
            if (error != Errno.None || count == 0)
                break;

            foreach (ulong entry in entries.AsSpan(0, count))
            {
                PageState state = StateOf(entry);
                if (state != PageState.None)
                    Append(runs, page << PageSize.Shift, (page + 1) << PageSize.Shift, state);

                page++;
            }
        }

        ArrayPool<ulong>.Shared.Return(entries);
        return error;
    }

    private static void Append(List<PageRun> runs, ulong start, ulong end, PageState state)
    {
        var range = new AddressRange(new VirtualAddress(start), new VirtualAddress(end));
        if (runs.Count > 0 && runs[^1].State == state && runs[^1].Range.End == range.Start)
            runs[^1] = new PageRun(new AddressRange(runs[^1].Range.Start, range.End), state);
        else
            runs.Add(new PageRun(range, state));
    }

    private static PageState StateOf(PageScan.Categories categories)
    {
        if ((categories & PageScan.Categories.Guard) != 0)
            return PageState.Guard;

        return ((categories & PageScan.Categories.Present) != 0 ? PageState.Present : 0)
            | ((categories & PageScan.Categories.Swapped) != 0 ? PageState.Swapped : 0)
            | ((categories & PageScan.Categories.File) != 0 ? PageState.FileOrShared : 0)
            | ((categories & PageScan.Categories.Huge) != 0 ? PageState.Large : 0)
            | ((categories & PageScan.Categories.ZeroPage) != 0 ? PageState.ZeroPage : 0);
    }

    // A guard marker also sets the bit of a swapped page.
    private static PageState StateOf(ulong entry)
    {
        if ((entry & EntryGuard) != 0)
            return PageState.Guard;

        return ((entry & EntryPresent) != 0 ? PageState.Present : 0)
            | ((entry & EntrySwapped) != 0 ? PageState.Swapped : 0)
            | ((entry & EntryFileOrShared) != 0 ? PageState.FileOrShared : 0);
    }

    private static Errno ReadToEnd(SafeFileHandle file, ref byte[] buffer, out int length)
    {
        length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            Errno error = Files.Read(file, buffer.AsSpan(length), out int count);
            if (error != Errno.None || count == 0)
                return error;

            length += count;
        }
    }

    private static string PathOf(int processId, string file) => string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{file}");
}
