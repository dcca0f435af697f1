using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Tests.Model;
using PageShift.Translation;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.PlantedFaults;

/// <summary>A space with some mappings, each page touched by a processor, in which one call then moves something.</summary>
internal sealed class MovedSpace : IDisposable
{
    private const int Rounds = 120;
    private const ulong Cells = 12;
    private const Protection ReadWrite = Protection.Read | Protection.Write;
    private const MapFlags FixedPrivate = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;

    private readonly PhysicalMemory _memory = new(new PhysicalMemoryOptions { CapacityBytes = 64UL << 20 });
    private readonly Random _random;
    private readonly ulong _start;
    private readonly ulong _cell;
    private readonly byte[] _page = new byte[PageSize.Bytes];
    private IReadOnlyList<Mapping> _before = [];
    private ulong _stamp;

    private MovedSpace(PagingGeometry geometry, MovePolicy policy, int seed)
    {
        _random = new Random(seed);
        bool isToy = geometry != PagingGeometry.X86;
        ulong limit = geometry.UserLimit.Value;
        _cell = isToy ? PageSize.Bytes : 1UL << 20; // half a table on x86-64, a page in a toy world
        ulong middle = isToy ? limit / 2 : 4UL << 30;
        _start = middle - (Math.Min(Cells, limit / _cell) / 2 * _cell);
        Space = new AddressSpace(_memory, new AddressSpaceOptions { Geometry = geometry, Policy = policy, BreakStart = new VirtualAddress(limit) });
        Processor = Space.CreateProcessor();
        Watch = new MoveWatch(Space);
        Oracle = new PageOracle(new OracleLayout(limit, 0, limit, limit, geometry.Span(PageTableLevel.Pmd).Value)) { ExtentAt = ExtentAt };
    }

    internal AddressSpace Space { get; }

    internal VirtualProcessor Processor { get; }

    internal MoveWatch Watch { get; }

    internal PageOracle Oracle { get; }

    /// <summary>What the call returned, if it did.</summary>
    internal CallResult? Result { get; private set; }

    public void Dispose()
    {
        // A faulty engine may not be able to take its tables down any more; the memory goes as a whole.
        _memory.Dispose();
    }

    /// <summary>Makes many such spaces of several shapes under every policy, and has each judged after its call; the exception that the call threw, or null, goes with it.</summary>
    internal static void Run(Action<MovedSpace, Exception?> judge, bool isWatched = false)
    {
        foreach (PagingGeometry geometry in (PagingGeometry[])[PagingGeometry.Toy(3, 1), PagingGeometry.Toy(3, 2), PagingGeometry.X86])
        {
            foreach (MovePolicy policy in MovePolicyName.All)
            {
                for (int round = 0; round < Rounds; round++)
                {
                    using var space = new MovedSpace(geometry, policy, round);
                    space.LayOut();
                    if (isWatched)
                        space.Space.MoveObserver = space.Watch;
                    judge(space, space.Move());
                }
            }
        }
    }

    /// <summary>Takes the processor away, so that what it remembers is not looked at.</summary>
    internal void Forget() => Processor.Dispose();

    private int CellCount => (int)Math.Min(Cells, Space.Geometry.UserLimit.Value / _cell);

    private void LayOut()
    {
        bool isLarge = _random.Next(3) == 0;
        for (int cell = 0; cell < CellCount; cell++)
        {
            if (_random.Next(3) == 0)
                continue;
            ulong at = _start + ((ulong)cell * _cell);
            CallResult mapped = Space.Map(new VirtualAddress(at), new ByteLength(_cell), ReadWrite, FixedPrivate);
            Oracle.Map(at, _cell, ReadWrite, FixedPrivate, file: null, offset: 0, mapped);
            if (isLarge)
                Advise(at);
        }

        foreach (Mapping mapping in Space.GetMappings())
        {
            for (ulong at = mapping.Start.Value; at < mapping.End.Value; at += _cell)
                TouchCell(at);
        }
    }

    private void Advise(ulong at)
    {
        CallResult advised = Space.Advise(new VirtualAddress(at), new ByteLength(_cell), Advice.HugePage);
        Oracle.Advise(at, _cell, Advice.HugePage, advised);
    }

    private void TouchCell(ulong at)
    {
        if (_random.Next(4) == 0)
            return;
        Touch(at);
        if (_cell == PageSize.Bytes)
            return;
        Touch(at + PageSize.Bytes);
        Touch(at + _cell - PageSize.Bytes);
    }

    /// <summary>Moves some cells to elsewhere, or a whole mapping down, onto itself perhaps.</summary>
    private Exception? Move()
    {
        int length = _random.Next(1, (CellCount / 3) + 1);
        int old = _random.Next(0, CellCount - length + 1);
        int @new = _random.Next(0, CellCount - length + 1);
        while (Math.Abs(@new - old) < length)
            (old, @new) = (_random.Next(0, CellCount - length + 1), _random.Next(0, CellCount - length + 1));
        _before = Space.GetMappings();
        try
        {
            if (_random.Next(3) == 0 && _before.Count != 0)
                RelocateDown(_before[_random.Next(_before.Count)], (ulong)_random.Next(1, 4) * _cell);
            else
                Remap(_start + ((ulong)old * _cell), _start + ((ulong)@new * _cell), (ulong)length * _cell);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private void RelocateDown(in Mapping mapping, ulong shift)
    {
        Result = Space.RelocateDown(mapping.Start, mapping.Range.Length, new ByteLength(shift));
        Oracle.RelocateDown(mapping.Start.Value, mapping.Range.Length.Value, shift);
    }

    private void Remap(ulong old, ulong @new, ulong length)
    {
        const RemapFlags Flags = RemapFlags.MayMove | RemapFlags.Fixed;
        Result = Space.Remap(new VirtualAddress(old), new ByteLength(length), new ByteLength(length), Flags, new VirtualAddress(@new));
        Oracle.Remap(old, length, length, Flags, @new, Result.Value);
    }

    private void Touch(ulong page)
    {
        ulong stamp = ((++_stamp) << 8) | (1 + (_stamp % byte.MaxValue));
        PageStamp.Fill(_page, stamp);
        Processor.Write(new VirtualAddress(page), _page);
        Oracle.Write(page, stamp);
    }

    private (ulong Start, ulong End)? ExtentAt(ulong address)
    {
        foreach (Mapping mapping in _before)
        {
            if (mapping.Range.Contains(new VirtualAddress(address)))
                return (mapping.Start.Value, mapping.End.Value);
        }

        return null;
    }
}
