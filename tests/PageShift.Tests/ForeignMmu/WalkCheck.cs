using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.ForeignMmu;

/// <summary>
/// Makes the same accesses on spaces in the engine and, on a copy of its physical memory, in QEMU, and compares what comes of each. Afterwards the two physical memories must be equal,
/// byte for byte: page contents, entries, and the accessed and dirty bits in them.
/// </summary>
/// <remarks>Only accesses that the tables decide: where the engine would bring a page in, QEMU must fault, and the engine is left alone.</remarks>
internal sealed class WalkCheck : IDisposable
{
    private readonly PhysicalMemory _memory;
    private readonly Random _random;
    private readonly bool _allKinds;
    private readonly StubRom _stub = new();
    private readonly SortedSet<ulong> _frames = [];
    private readonly HashSet<ulong> _roots = [];
    private readonly List<(CheckedSpace Space, List<ulong> Pages)> _spaces = [];
    private readonly List<(CheckedSpace Space, List<CheckedAccess> Accesses)> _batches = [];
    private readonly Stack<(VirtualProcessor Processor, VirtualAddress Address, ulong Value)> _written = [];

    /// <param name="memory">The spaces' memory, from <see cref="NewArena"/>.</param>
    /// <param name="random">Chooses the accesses.</param>
    /// <param name="allKinds">True to make every kind of access on every page, else each with a probability.</param>
    internal WalkCheck(PhysicalMemory memory, Random random, bool allKinds = false)
    {
        _memory = memory;
        _random = random;
        _allKinds = allKinds;
    }

    /// <summary>The guest's memory, from <see cref="Prepare"/> on.</summary>
    internal GuestMemory Guest { get; } = new();

    /// <summary>Accesses by what came of them.</summary>
    internal WalkTotals Totals { get; } = new();

    public void Dispose() => Guest.Dispose();

    /// <summary>Adds a space. All have the same geometry, and memory from <see cref="NewArena"/>.</summary>
    internal void Add(AddressSpace space, VirtualProcessor processor)
    {
        var tree = new CheckedSpace(space, CheckedSpace.TablesOf(space), processor);
        List<ulong> pages = PageChoice.Of(space, _random);
        _roots.Add(space.Root.Value);
        AddTables(tree.Tables, space.Root, space.Geometry.Root);
        AddFrames(space, tree.Tables, pages);
        _spaces.Add((tree, pages));
    }

    /// <summary>Puts the spaces into the guest's memory, and makes the accesses on the engine.</summary>
    internal void Prepare()
    {
        int levels = _spaces[0].Space.Space.Geometry.Levels;
        Guest.Place(_memory, _frames);
        Guest.PlaceKernel(_stub, levels);
        foreach ((CheckedSpace space, List<ulong> pages) in _spaces)
        {
            Guest.JoinKernel(space.Space.Root, levels);
            var accesses = new List<CheckedAccess>();
            foreach (ulong page in pages)
                MakeAccesses(space, page, accesses);
            _batches.Add((space, accesses));
        }

        WriteBatches();
    }

    /// <summary>Lets the guest make the accesses. Returns how it and the engine differ; null when they do not.</summary>
    internal string? Run()
    {
        ForeignMmu.Guest.Run(_stub, Guest);
        ulong at = GuestLayout.PhysicalOf(GuestLayout.Requests);
        Span<byte> record = stackalloc byte[GuestLayout.RequestLength];
        foreach ((CheckedSpace space, List<CheckedAccess> accesses) in _batches)
        {
            foreach (CheckedAccess access in accesses)
            {
                Guest.Read(at, record);
                AccessOutcome actual = AccessOutcome.Read(record);
                if (actual != access.Expected)
                    return $"{access.Kind} at {access.Address} gave {actual}, not {access.Expected}; the tables hold {space.Tables.Walk(access.Address)}";
                at += GuestLayout.RequestLength;
            }
        }

        return Guest.FirstDifference(_memory, _frames, _roots) is (ulong physical, byte guest, byte engine)
            ? $"at physical address 0x{physical:x} ({(_memory.IsTable(new FrameNumber(physical >> PageSize.Shift)) ? "a table" : "data")}) QEMU left 0x{guest:x2}, the engine 0x{engine:x2}"
            : null;
    }

    /// <summary>Gives the engine's memory the content that it had before the accesses.</summary>
    internal void Undo()
    {
        while (_written.TryPop(out (VirtualProcessor Processor, VirtualAddress Address, ulong Value) write))
            write.Processor.Write(write.Address, write.Value);
    }

    /// <summary>Physical memory whose frames lie where the guest's memory is, and an object that has taken the frames which a PC keeps below 1 MiB.</summary>
    internal static (PhysicalMemory Memory, MemoryObject Reserved) NewArena()
    {
        const ulong Reserved = GuestLayout.ArenaStart >> PageSize.Shift;
        var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = GuestLayout.ArenaEnd });
        var low = new MemoryObject(memory, MemoryObjectKind.Memory, new ByteLength(GuestLayout.ArenaStart));
        FrameNumber frame = FrameNumber.None;
        for (ulong page = 0; frame.Value < Reserved - 1; page++)
        {
            if (low.GetPage(page, out frame) != ObjectPageResult.Found)
                throw new InvalidOperationException($"Page {page} of what is reserved can't be taken.");
            memory.Release(frame); // the reference that a leaf would have
        }

        return (memory, low);
    }

    private void MakeAccesses(CheckedSpace space, ulong page, List<CheckedAccess> accesses)
    {
        const ulong Nops = 0x9090_9090_9090_9090;
        ulong offset = _random.Next(4) switch { 0 => 0, 1 => PageSize.Bytes - sizeof(ulong), _ => (ulong)_random.Next((int)PageSize.Bytes / sizeof(ulong)) * sizeof(ulong) };
        var address = new VirtualAddress(page + offset);
        int choice = _allKinds ? 7 : _random.Next(8);
        accesses.Add(Make(space, AccessKind.Read, address, 0));
        if ((choice & 1) != 0)
            accesses.Add(Make(space, AccessKind.Write, address, ((ulong)_random.NextInt64() << 16) | (Nops & 0xffff)));
        if ((choice & 2) != 0 && (!space.Allows(address, AccessKind.Execute) || IsHarmless(space.Processor.Read<ulong>(address))))
            accesses.Add(Make(space, AccessKind.Execute, address, GuestLayout.VirtualOf(GuestLayout.Scratch)));
        if ((choice & 4) != 0)
            accesses.Add(Make(space, AccessKind.Read, new VirtualAddress(address.Value ^ sizeof(ulong)), 0));
    }

    /// <summary>True for code that begins with a no-operation, or with <c>add [rax], al</c>, which is what zeroes are; RAX holds the address of scratch memory.</summary>
    private static bool IsHarmless(ulong code) => (code & 0xff) == 0x90 || (code & 0xffff) == 0;

    /// <summary>Makes an access on the engine if the tables let it through, and says what must come of it.</summary>
    private CheckedAccess Make(CheckedSpace space, AccessKind kind, VirtualAddress address, ulong value)
    {
        ulong instruction = kind switch { AccessKind.Read => _stub.Load, AccessKind.Write => _stub.Store, _ => address.Value };
        AccessOutcome expected = space.IsCanonical(address) ? AccessOutcome.PageFault(space.ErrorCode(address, kind), instruction, address.Value, value) : AccessOutcome.NonCanonical(instruction, value);
        if (space.Allows(address, kind))
        {
            ulong before = space.Processor.Read<ulong>(address);
            int length = kind == AccessKind.Execute ? ((before & 0xff) == 0x90 ? 1 : 2) : StubRom.AccessLength;
            expected = AccessOutcome.Done(instruction + (ulong)length, kind == AccessKind.Read ? before : value);
            if (kind == AccessKind.Write)
            {
                _written.Push((space.Processor, address, before));
                space.Processor.Write(address, value);
            }
        }

        Totals.Count(kind, expected, space.Tables, address);
        return new CheckedAccess(kind, address, value, instruction, expected);
    }

    private void WriteBatches()
    {
        ulong at = GuestLayout.PhysicalOf(GuestLayout.Requests);
        ulong batch = GuestLayout.PhysicalOf(GuestLayout.Batches);
        Guest.Write(batch + GuestLayout.BatchCount, (ulong)_batches.Count);
        foreach ((CheckedSpace space, List<CheckedAccess> accesses) in _batches)
        {
            batch += GuestLayout.BatchLength;
            Guest.Write(batch + GuestLayout.BatchRoot, space.Space.Root.Value << PageSize.Shift);
            Guest.Write(batch + GuestLayout.BatchRequests, GuestLayout.VirtualOf(at - GuestLayout.ArenaEnd));
            Guest.Write(batch + GuestLayout.BatchRequestCount, (ulong)accesses.Count);
            byte[] requests = new byte[accesses.Count * GuestLayout.RequestLength];
            for (int i = 0; i < accesses.Count; i++)
                accesses[i].Write(requests.AsSpan(i * GuestLayout.RequestLength));
            Guest.Write(at, requests);
            at += (ulong)requests.Length;
        }
    }

    private void AddTables(PageTableTree tables, FrameNumber table, PageTableLevel level)
    {
        _frames.Add(table.Value);
        foreach (PageTableEntry entry in tables.Entries(table, level))
        {
            if (entry.IsTable(level))
                AddTables(tables, entry.Frame, level - 1);
        }
    }

    private void AddFrames(AddressSpace space, PageTableTree tables, List<ulong> pages)
    {
        foreach (ulong page in pages)
        {
            PageTableWalk walk = page < space.Geometry.UserLimit.Value ? tables.Walk(new VirtualAddress(page)) : default;
            if (walk.IsMapped)
                _frames.Add((walk.Entry.Frame + new VirtualAddress(page).OffsetIn(space.Geometry.Span(walk.Level)).WholePages).Value);
        }
    }
}
