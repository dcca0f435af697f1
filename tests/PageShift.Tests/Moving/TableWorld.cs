using System.Runtime.InteropServices;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Moving;

/// <summary>Page tables without an address space around them: entries are set by hand, moved by a plan, and compared with
/// a dictionary that moves page by page.</summary>
internal sealed class TableWorld : IDisposable
{
    private const ulong Bits = PageTableEntry.PresentBit | PageTableEntry.WritableBit | PageTableEntry.UserBit | PageTableEntry.AccessedBit | PageTableEntry.NoExecuteBit;

    private readonly PhysicalMemory _memory = new(new PhysicalMemoryOptions { CapacityBytes = 64UL << 20, BytesFreeCapacityBytes = 1UL << 42 });
    private readonly PageTableMover _mover;

    public TableWorld(PagingGeometry geometry)
    {
        Tables = new PageTableTree(_memory, geometry);
        Planner = new MovePlanner(Tables, new LinuxTables(Tables), TableMoveSupport.X86);
        _mover = new PageTableMover(Tables);
    }

    public PageTableTree Tables { get; }

    public MovePlanner Planner { get; }

    public PhysicalMemory Memory => _memory;

    public PageTableMover Mover => _mover;

    public void Dispose()
    {
        Tables.Dispose();
        _memory.Dispose();
    }

    /// <summary>Maps a fresh frame at every page of a range that has none.</summary>
    public void Populate(ulong start, ulong length)
    {
        Assert.True(Tables.TryPopulate(new AddressRange(new VirtualAddress(start), new ByteLength(length)), Bits));
    }

    public void SetLargeLeaf(ulong start, PageTableLevel level)
    {
        Assert.True(_memory.TryAllocateContiguous(Tables.Geometry.IndexBits(PageTableLevel.Pte) * (int)level, zeroed: false, out FrameNumber first));
        var address = new VirtualAddress(start);
        Assert.True(Tables.TryMakeTable(address, level, out FrameNumber table));
        Tables.Set(table, Tables.Geometry.Index(address, level), PageTableEntry.Leaf(first, Bits | PageTableEntry.LargeBit));
    }

    public void SetMarker(ulong page, PageTableEntry marker)
    {
        var address = new VirtualAddress(page);
        Assert.True(Tables.TryMakeTable(address, PageTableLevel.Pte, out FrameNumber table));
        Tables.Set(table, Tables.Geometry.Index(address, PageTableLevel.Pte), marker);
    }

    public void Zap(ulong start, ulong length) => Tables.Zap(new AddressRange(new VirtualAddress(start), new ByteLength(length)), keepGuards: false);

    /// <summary>Every page that is there, with its entry as a 4 KiB leaf would have it.</summary>
    public List<KeyValuePair<ulong, ulong>> Pages()
    {
        var pages = new List<KeyValuePair<ulong, ulong>>();
        var cursor = new PageTableCursor(Tables, new AddressRange(VirtualAddress.Zero, Tables.Geometry.UserLimit));
        while (cursor.MoveToNextLeaf())
        {
            PageTableEntry entry = cursor.Entry;
            for (ulong i = 0; i < Tables.Geometry.FramesPerLeaf(cursor.Level); i++)
                pages.Add(new(cursor.SlotStart.Value + (i << PageSize.Shift), entry.IsMarker ? entry.Value : (entry.Value & ~PageTableEntry.LargeBit) + (i << PageSize.Shift)));
        }

        return pages;
    }

    /// <summary>The request for a move of mappings that are taken to end just where their pages do.</summary>
    public MoveRequest Request(ulong old, ulong @new, ulong length, bool stack = false, bool sourceGoes = true)
    {
        ulong sourcePredecessor = 0;
        ulong destinationPredecessor = old + length <= @new ? old + length : 0;
        ulong ceiling = Tables.Geometry.UserLimit.Value;
        foreach ((ulong page, _) in Pages())
        {
            ulong end = page + PageSize.Bytes;
            bool moving = page >= old && page < old + length;
            if (end <= old)
                sourcePredecessor = end;
            if (end <= @new && !moving)
                destinationPredecessor = Math.Max(destinationPredecessor, end);
            if (page >= old + length)
                ceiling = Math.Min(ceiling, page);
        }

        ulong newEnd = @new + length;
        ulong floor = stack ? newEnd : Math.Max(sourcePredecessor, newEnd <= old ? newEnd : 0);
        if (@new >= old + length)
            ceiling = Math.Min(ceiling, @new);
        if (!stack && newEnd <= old)
            sourcePredecessor = Math.Max(sourcePredecessor, newEnd);
        return new MoveRequest(new VirtualAddress(old), new VirtualAddress(@new), new ByteLength(length))
        {
            IsStackMove = stack,
            SourceGoes = sourceGoes,
            SourceStartsMapping = true,
            DestinationStartsMapping = true,
            SourcePredecessorEnd = new VirtualAddress(sourcePredecessor),
            DestinationPredecessorEnd = new VirtualAddress(destinationPredecessor),
            SourceFloor = new VirtualAddress(floor),
            SourceCeiling = new VirtualAddress(ceiling),
        };
    }

    public MovePlan Plan(MovePolicy policy, in MoveRequest request)
    {
        var plan = new MovePlan(isShown: true);
        Planner.Plan(policy, request, plan);
        return plan;
    }

    /// <summary>Plans, executes, and checks everything that must hold after any move.</summary>
    public MoveCost MoveAndCheck(MovePolicy policy, in MoveRequest request)
    {
        MovePlan plan = Plan(policy, request);
        List<KeyValuePair<ulong, ulong>> before = Pages();
        ulong tablesBefore = Tables.Verify();
        Assert.True(Mover.TryExecute(plan));
        MoveCost work = Mover.Work;
        ulong tablesAfter = Tables.Verify();

        AssertSamePages(MovedPageByPage(before, request), Pages());
        if (plan.Work.Executed != work)
            Assert.Fail($"{policy} {request}\nruns {string.Join(", ", plan.Runs)}\npages {string.Join(' ', before.Select(p => $"{p.Key >> 12:x}"))}\nplanned {plan.Work.Executed}\ncounted {work}");
        Assert.Equal(tablesBefore + work.TablesAllocated, tablesAfter + work.TablesFreed);
        Assert.Equal(tablesAfter, Memory.TableFrames);
        return plan.Cost;
    }

    private static List<KeyValuePair<ulong, ulong>> MovedPageByPage(List<KeyValuePair<ulong, ulong>> pages, in MoveRequest request)
    {
        var moved = new List<KeyValuePair<ulong, ulong>>(pages.Count);
        foreach ((ulong page, ulong entry) in pages)
        {
            bool moving = request.Source.Contains(new VirtualAddress(page));
            moved.Add(new(moving ? page - request.Old.Value + request.New.Value : page, entry));
        }

        moved.Sort((left, right) => left.Key.CompareTo(right.Key));
        return moved;
    }

    private static void AssertSamePages(List<KeyValuePair<ulong, ulong>> expected, List<KeyValuePair<ulong, ulong>> actual)
    {
        if (!CollectionsMarshal.AsSpan(expected).SequenceEqual(CollectionsMarshal.AsSpan(actual)))
        {
            string Show(List<KeyValuePair<ulong, ulong>> pages) => string.Join(' ', pages.Select(p => $"{p.Key >> 12:x}={p.Value:x}"));
            Assert.Fail($"expected {Show(expected)}\nbut have {Show(actual)}");
        }
    }
}
