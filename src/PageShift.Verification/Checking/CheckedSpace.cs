using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Verification.Checking;

/// <summary>An address space, a processor that accesses it, and the oracle of the case that is being tried. Not thread-safe.</summary>
/// <remarks>Never disposed: its memory is given back as a whole, as after a failure the space may be beyond taking down.</remarks>
internal sealed class CheckedSpace : IMoveObserver
{
    private const Protection ReadWrite = Protection.Read | Protection.Write;
    private const MapFlags FixedPrivate = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;

    private readonly AddressSpace _space;
    private readonly EngineTarget _target;
    private readonly byte[] _page = new byte[PageSize.Bytes];
    private readonly OracleLayout _layout;
    private PageOracle _oracle;
    private IReadOnlyList<Mapping> _before = [];
    private MoveCost? _planned;
    private ulong _stamp;

    internal CheckedSpace(PhysicalMemory memory, PagingGeometry geometry, MovePolicy policy)
    {
        ulong limit = geometry.UserLimit.Value;
        _layout = new OracleLayout(limit, Minimum: 0, MmapBase: limit, BreakStart: limit, geometry.Span(PageTableLevel.Pmd).Value);
        _space = new AddressSpace(memory, new AddressSpaceOptions { Geometry = geometry, Policy = policy, BreakStart = geometry.UserLimit });
        _target = new EngineTarget(_space) { MoveObserver = this };
        _oracle = MakeOracle();
        Policy = policy;
    }

    /// <summary>How the space moves.</summary>
    internal MovePolicy Policy { get; }

    public void Moving(MoveObservation move)
    {
        CompareWithPlan();
        _planned = move.Plan(Policy).Work.Executed;
    }

    /// <summary>Maps pages, and touches them with content that no other page has.</summary>
    internal void Map(int page, int pages, bool isTouched, bool isReadOnly)
    {
        var start = new VirtualAddress(CaseLog.Bytes(page));
        var length = new ByteLength(CaseLog.Bytes(pages));
        CallResult mapped = _space.Map(start, length, ReadWrite, FixedPrivate);
        Expect(_oracle.Map(start.Value, length.Value, ReadWrite, FixedPrivate, file: null, offset: 0, mapped), mapped);
        for (int i = 0; isTouched && i < pages; i++)
            Write(start.Value + CaseLog.Bytes(i));
        if (isReadOnly)
            Expect(_oracle.Protect(start.Value, length.Value, Protection.Read), _space.Protect(start, length, Protection.Read));
    }

    /// <summary>Makes a call on both sides, and compares everything.</summary>
    /// <exception cref="OracleMismatchException">Space and oracle differ.</exception>
    /// <exception cref="CheckMismatchException">A move did not do what was planned.</exception>
    /// <exception cref="InvalidOperationException">An invariant does not hold.</exception>
    internal void Try(in RemapCase call)
    {
        CallArguments a = call.Arguments;
        _before = _space.GetMappings();
        CallResult actual = _target.Execute(new SystemCall(call.Kind, a)).Result;
        CompareWithPlan();
        CallResult expected = call.Kind == PseudoCall.RelocateDown
            ? _oracle.RelocateDown(a.First, a.Second, a.Third)
            : _oracle.Remap(a.First, a.Second, a.Third, (RemapFlags)a.Fourth, a.Fifth, actual);
        Expect(expected, actual);
        OracleComparison.Check(_space, _oracle);
        _space.Verify();
        ReadAll();
    }

    /// <summary>Unmaps everything, after which nothing may be left.</summary>
    internal void Clear()
    {
        CallResult unmapped = _space.Unmap(VirtualAddress.Zero, new ByteLength(_layout.UserLimit));
        Expect(CallResult.Success, unmapped);
        if (_space.GetMappings().Count != 0)
            throw new CheckMismatchException("mappings are left after everything was unmapped");
        _oracle = MakeOracle();
    }

    private PageOracle MakeOracle() => new(_layout) { ExtentAt = ExtentAt };

    private (ulong Start, ulong End)? ExtentAt(ulong address)
    {
        foreach (Mapping mapping in _before)
        {
            if (mapping.Range.Contains(new VirtualAddress(address)))
                return (mapping.Start.Value, mapping.End.Value);
        }

        return null;
    }

    private void Write(ulong address)
    {
        _stamp++;
        ulong stamp = (_stamp << 8) | (1 + (_stamp % byte.MaxValue));
        PageStamp.Fill(_page, stamp);
        AccessFault actual = _target.Processor.TryWrite(new VirtualAddress(address), _page, out _);
        if (actual != _oracle.Write(address, stamp))
            throw new CheckMismatchException($"the write at 0x{address:x} ended with {actual}");
    }

    /// <summary>Reads every page that is there through the processor, whose TLB remembers those that were written.</summary>
    private void ReadAll()
    {
        foreach ((ulong address, OraclePage page) in _oracle.Pages)
        {
            AccessFault fault = _target.Processor.TryRead(new VirtualAddress(address), _page, out _);
            if (fault != AccessFault.None || !PageStamp.Matches(_page, page.Stamp))
                throw new CheckMismatchException($"the read at 0x{address:x} ended with {fault}, or gave other bytes than 0x{page.Stamp:x}");
        }

        for (ulong address = 0; address < _layout.UserLimit; address += PageSize.Bytes)
        {
            if (_oracle.RegionAt(address) is null && _target.Processor.TryRead(new VirtualAddress(address), _page, out _) != AccessFault.NotMapped)
                throw new CheckMismatchException($"a read at 0x{address:x}, where nothing is mapped, succeeds");
        }
    }

    private void CompareWithPlan()
    {
        if (_planned is { } planned && planned != _space.LastMoveWork)
            throw new CheckMismatchException($"planned was {planned}, but done {_space.LastMoveWork}");
        _planned = null;
    }

    private static void Expect(CallResult expected, CallResult actual)
    {
        if (actual != expected)
            throw new CheckMismatchException($"the call returned {actual}, but should return {expected}");
    }
}
