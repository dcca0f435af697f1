using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Walking;

/// <summary>A process's mappings and pages against the boundaries of its page tables: which entries could move whole.</summary>
/// <remarks>The process is not stopped: what changes while it is read may be seen in part. Immutable once made.</remarks>
internal sealed class ProcessTables
{
    /// <summary>How messages call the process.</summary>
    internal const string Argument = "PID";

    private readonly IReadOnlyList<KernelMapping> _mappings;
    private readonly List<OccupiedRun> _occupied = [];

    /// <param name="process">The process, by its number.</param>
    /// <param name="mappings">The mappings, in ascending order, with their names.</param>
    /// <param name="pages">The occupied pages, in ascending order, with <see cref="PageKinds.Large"/>.</param>
    internal ProcessTables(int process, IReadOnlyList<KernelMapping> mappings, IReadOnlyList<PageRun> pages)
    {
        Process = process;
        _mappings = mappings;
        Cut(pages);
        Levels = [LevelOf(PageTableLevel.Pmd), LevelOf(PageTableLevel.Pud)];
        Mappings = [.. Enumerable.Range(0, mappings.Count).Select(TableOf)];
    }

    /// <summary>Occupied pages that follow each other in one mapping.</summary>
    private readonly record struct OccupiedRun(AddressRange Range, int Mapping, bool IsHuge);

    /// <summary>The process, by its number.</summary>
    internal int Process { get; }

    /// <summary>The program's name, as the kernel has it; "process" where it is not known.</summary>
    internal string Name { get; private init; } = "process";

    /// <summary>The mappings, in ascending order.</summary>
    internal IReadOnlyList<TabledMapping> Mappings { get; }

    /// <summary>The blocks of 2 MiB, which PMD entries cover, then those of 1 GiB, which PUD entries cover.</summary>
    internal IReadOnlyList<TabledLevel> Levels { get; }

    /// <summary>Reads a live process, which goes on running.</summary>
    /// <exception cref="UsageException">There is no such process.</exception>
    /// <exception cref="NotPossibleException">It may not be read, or has no mappings.</exception>
    internal static ProcessTables Read(int process)
    {
        using ProcessReader? reader = ProcessReader.TryOpen(process, out Errno error);
        if (reader is null && error is Errno.NoSuchEntry or Errno.NoSuchProcess)
            throw new UsageException($"{Argument}: found {process}, which is no process here, expected one that runs");
        if (reader is null)
            throw new NotPossibleException($"the mappings of process {process} can't be read: {ErrnoName.Describe(error)}; that needs its user or the capability SYS_PTRACE");
        var everything = new AddressRange(VirtualAddress.Zero, new VirtualAddress(ProcessReader.TaskEnd));
        var mappings = new List<KernelMapping>();
        var pages = new List<PageRun>();
        if (!reader.ReadMappingsWithNames(everything, mappings))
            throw new NotPossibleException($"process {process} has no mappings: it is the kernel's own, or has ended");
        if (!reader.ReadPages(everything, pages, PageKinds.Large))
            throw new NotPossibleException($"the pages of process {process} can't be read: it has ended, or belongs to another user: then that needs the capability SYS_PTRACE");
        return new ProcessTables(process, mappings, pages) { Name = NameOf(process) };
    }

    private static string NameOf(int process)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/comm")).TrimEnd('\n');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "process";
        }
    }

    /// <summary>Cuts the runs of pages where mappings begin and end.</summary>
    private void Cut(IReadOnlyList<PageRun> pages)
    {
        int next = 0;
        for (int m = 0; m < _mappings.Count; m++)
        {
            AddressRange range = _mappings[m].Range;
            while (next < pages.Count && pages[next].Range.End <= range.Start)
                next++;
            for (int p = next; p < pages.Count && pages[p].Range.Start < range.End; p++)
                _occupied.Add(new OccupiedRun(pages[p].Range.Intersect(range), m, (pages[p].Kinds & PageKinds.Large) != 0));
        }
    }

    private TabledLevel LevelOf(PageTableLevel level)
    {
        ByteLength span = PagingGeometry.X86.Span(level);
        var blocks = new TabledLevel(level, span);
        VirtualAddress done = VirtualAddress.Zero; // what lies below is counted
        for (int i = 0; i < _occupied.Count;)
        {
            VirtualAddress first = _occupied[i].Range.Start;
            var block = new AddressRange((first < done ? done : first).AlignDown(span), span);
            int last = i;
            while (last + 1 < _occupied.Count && _occupied[last + 1].Range.Start < block.End)
                last++;
            blocks.Add(block.Start, 1, KindOf(block, i, last, level));
            done = block.End;
            while (i < _occupied.Count && _occupied[i].Range.End <= done)
                i++;
            if (i == _occupied.Count || _occupied[i].Range.Start > done)
                continue;
            // The run goes on, perhaps through whole blocks.
            ulong whole = (_occupied[i].Range.End - done).Value / span.Value;
            if (whole != 0)
                blocks.Add(done, whole, level == PageTableLevel.Pmd && _occupied[i].IsHuge ? BlockKind.Huge : BlockKind.Inside);
            done += span * whole;
            if (_occupied[i].Range.End <= done)
                i++;
        }

        return blocks;
    }

    /// <summary>What a block is, whose pages are these runs.</summary>
    private BlockKind KindOf(AddressRange block, int first, int last, PageTableLevel level)
    {
        int mapping = _occupied[first].Mapping;
        if (_occupied[last].Mapping != mapping)
            return BlockKind.Shared;
        if (first == last && _occupied[first].IsHuge && level == PageTableLevel.Pmd && _occupied[first].Range.Contains(block))
            return BlockKind.Huge;
        if (_mappings[mapping].Range.Contains(block))
            return BlockKind.Inside;
        return HasNeighbour(block, mapping) ? BlockKind.EmptyNeighbours : BlockKind.Alone;
    }

    private bool HasNeighbour(AddressRange block, int mapping) =>
        (mapping > 0 && _mappings[mapping - 1].Range.Overlaps(block)) || (mapping + 1 < _mappings.Count && _mappings[mapping + 1].Range.Overlaps(block));

    private TabledMapping TableOf(int index)
    {
        KernelMapping mapping = _mappings[index];
        AddressRange range = mapping.Range;
        ulong occupied = 0, huge = 0;
        for (int i = FirstRunAbove(range.Start); i < _occupied.Count && _occupied[i].Mapping == index; i++)
        {
            occupied += _occupied[i].Range.Length.Value;
            huge += _occupied[i].IsHuge ? _occupied[i].Range.Length.Value : 0;
        }

        ByteLength span = PagingGeometry.X86.Span(PageTableLevel.Pmd);
        VirtualAddress begin = range.Start.AlignUp(span), end = range.End.AlignDown(span);
        return new TabledMapping(
            range, mapping.Name ?? "", new ByteLength(occupied), new ByteLength(huge), end > begin ? (end - begin).Value / span.Value : 0,
            EndOf(range.Start, new AddressRange(range.Start.AlignDown(span), span), index), EndOf(range.End, new AddressRange(end, span), index));
    }

    private MappingEnd EndOf(VirtualAddress at, AddressRange block, int mapping)
    {
        if (at == block.Start)
            return MappingEnd.Aligned;
        for (int i = FirstRunAbove(block.Start); i < _occupied.Count && _occupied[i].Range.Start < block.End; i++)
        {
            if (_occupied[i].Mapping != mapping)
                return MappingEnd.Shared;
        }

        return HasNeighbour(block, mapping) ? MappingEnd.EmptyNeighbours : MappingEnd.Alone;
    }

    /// <summary>The lowest run that ends above an address.</summary>
    private int FirstRunAbove(VirtualAddress address)
    {
        int low = 0, high = _occupied.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_occupied[middle].Range.End > address)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
