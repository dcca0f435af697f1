using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>A family of address spaces and the oracle of each. Makes calls on both, and compares results, mappings, presence and bytes after each.</summary>
internal sealed partial class ModelWorld : IDisposable
{
    internal const int MostProcesses = 4;
    private const ulong FilePages = 700;
    private const ulong ObjectPages = (1UL << 18) + 3;

    private readonly PhysicalMemory _memory;
    private readonly MemoryObject? _reserved;
    private readonly List<ModelProcess> _processes = [];
    private readonly Dictionary<ulong, (OpenFile File, OracleObject Object)> _files = [];
    private readonly CallTrail _trail = new();
    private readonly StepResolver _resolver;
    private readonly OracleLayout _layout;
    private ulong _stamp;

    /// <summary>Makes a world of one empty space.</summary>
    /// <param name="geometry">The shape of its tables.</param>
    /// <param name="policy">How it moves.</param>
    /// <param name="placement">How it chooses destinations.</param>
    /// <param name="arena">The physical memory and an object that has taken some of it already; both then belong to the world.</param>
    internal ModelWorld(PagingGeometry geometry, MovePolicy policy, Placement placement = Placement.Linux, (PhysicalMemory Memory, MemoryObject Reserved)? arena = null)
    {
        _memory = arena?.Memory ?? new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 4UL << 30 });
        _reserved = arena?.Reserved;
        bool isToy = geometry.EntriesPerTable != PagingGeometry.X86.EntriesPerTable;
        ulong breakStart = isToy ? geometry.UserLimit.Value / 2 : (1UL << 31) - (3 * PageSize.Bytes) + 5;
        _resolver = new StepResolver(geometry, breakStart);
        var space = new AddressSpace(_memory, new AddressSpaceOptions
        {
            Geometry = geometry,
            Policy = policy,
            Placement = placement,
            BreakStart = new VirtualAddress(breakStart),
        });
        ulong minimum = isToy ? 0 : AddressLayout.FourLevels.Minimum.Value;
        ulong mmapBase = isToy ? geometry.UserLimit.Value : AddressLayout.FourLevels.MmapBase.Value;
        _layout = new OracleLayout(geometry.UserLimit.Value, minimum, mmapBase, breakStart, geometry.Span(PageTableLevel.Pmd).Value);
        AddFile(StepResolver.MemoryDescriptor, new MemoryObject(_memory, MemoryObjectKind.Memory, new ByteLength(ObjectPages << PageSize.Shift)), new OracleObject(ObjectPages));
        var content = new MemoryObject(
            _memory, MemoryObjectKind.File, new ByteLength(FilePages << PageSize.Shift), (page, bytes) => PageStamp.Fill(bytes, FileStamp(page.Value)));
        AddFile(StepResolver.FileDescriptor, content, new OracleObject(FilePages, FileStamp));
        AddProcess(space, extentAt => new PageOracle(_layout) { ExtentAt = extentAt });
        DescribeFiles(space);
    }

    internal IReadOnlyList<ModelProcess> Processes => _processes;

    internal PhysicalMemory Memory => _memory;

    /// <summary>The calls so far, as a log in strace's format.</summary>
    internal string Log => _trail.ToString();

    public void Dispose()
    {
        foreach (ModelProcess process in _processes)
            process.Dispose();
        foreach ((_, OracleObject memory) in _files.Values)
            memory.Counterpart!.Dispose();
        _reserved?.Dispose();
        _memory.Dispose();
    }

    /// <summary>The call that a step means now, or null.</summary>
    internal ModelCall? Resolve(in ModelStep step)
    {
        int process = step.Process % _processes.Count;
        return _resolver.Resolve(step, process, _processes[process].Space.GetMappings(), _processes[process].Oracle);
    }

    /// <summary>Makes a call on space and oracle, and compares everything.</summary>
    internal void Run(in ModelCall call)
    {
        _trail.Begin(call);
        ModelProcess process = _processes[call.Process];
        switch (call.Kind)
        {
            case PseudoCall.MemorySet or PseudoCall.Unknown:
                Touch(process, call.Arguments.First, call.Arguments.Third, isWrite: call.Kind == PseudoCall.MemorySet);
                break;
            case SystemCallNumber.Clone when _processes.Count < MostProcesses:
                AddChild(process, process.Space.Fork());
                break;
            case SystemCallNumber.ExitGroup when _processes.Count > 1:
                process.Dispose();
                _processes.RemoveAt(call.Process);
                break;
            case SystemCallNumber.Clone or SystemCallNumber.ExitGroup:
                break;
            default:
                Confirm(process, call, Make(process, call));
                break;
        }

        Compare();
    }

    private void Compare()
    {
        foreach (ModelProcess process in _processes)
            OracleComparison.Check(process.Space, process.Oracle);
        IEnumerable<MemoryObject> objects = _files.Values.Select(file => file.Object.Counterpart!);
        AddressSpace.VerifyAll([.. _processes.Select(process => process.Space)], [.. _reserved is null ? objects : objects.Append(_reserved)]);
    }

    /// <summary>Makes a call on the space only.</summary>
    private CallResult Make(ModelProcess process, in ModelCall call)
    {
        process.Snapshot = process.Space.GetMappings();
        CallResult actual = ModelInvocation.Make(process.Space, call, _files);
        _trail.End(call, actual);
        process.Watch.EndCall(succeeded: !actual.IsError);
        return actual;
    }

    /// <summary>Makes a call on the oracle, and compares the results.</summary>
    private void Confirm(ModelProcess process, in ModelCall call, CallResult actual)
    {
        CallResult expected = Predict(process.Oracle, call, actual);
        if (actual != expected)
            throw new OracleMismatchException($"{call.Kind} returned {actual} but should return {expected}.");
    }

    private void AddChild(ModelProcess parent, AddressSpace child)
    {
        _trail.End(_processes.Count);
        AddProcess(child, parent.Oracle.Fork);
    }

    private CallResult Predict(PageOracle oracle, in ModelCall call, CallResult actual)
    {
        CallArguments a = call.Arguments;
        return call.Kind switch
        {
            SystemCallNumber.Map => oracle.Map(a.First, a.Second, (Protection)a.Third, (MapFlags)a.Fourth, FileOf(a)?.Object, a.Sixth, actual),
            SystemCallNumber.Unmap => oracle.Unmap(new VirtualAddress(a.First), new ByteLength(a.Second)),
            SystemCallNumber.Remap => oracle.Remap(a.First, a.Second, a.Third, (RemapFlags)a.Fourth, a.Fifth, actual),
            SystemCallNumber.Protect => oracle.Protect(a.First, a.Second, (Protection)a.Third),
            SystemCallNumber.Advise => oracle.Advise(a.First, a.Second, (Advice)a.Third, actual),
            SystemCallNumber.Break => oracle.Break(a.First),
            SystemCallNumber.Lock => oracle.Lock(a.First, a.Second),
            SystemCallNumber.Unlock => oracle.Unlock(a.First, a.Second),
            PseudoCall.RelocateDown => oracle.RelocateDown(a.First, a.Second, a.Third),
            _ => throw new ArgumentException($"{call.Kind} is not modelled.", nameof(call)),
        };
    }

    private (OpenFile File, OracleObject Object)? FileOf(in CallArguments arguments) =>
        ((MapFlags)arguments.Fourth).HasFlag(MapFlags.Anonymous) ? null : _files[arguments.Fifth];

    private void Touch(ModelProcess process, ulong start, ulong length, bool isWrite)
    {
        Span<byte> bytes = stackalloc byte[(int)PageSize.Bytes];
        ulong end = Math.Min(start + length, _layout.UserLimit); // beyond, addresses may be non-canonical, which is not the oracle's affair
        for (ulong at = start; at < end; at += PageSize.Bytes)
        {
            var address = new VirtualAddress(at);
            AccessFault expected;
            AccessFault actual;
            if (isWrite)
            {
                ulong stamp = NextStamp();
                PageStamp.Fill(bytes, stamp);
                expected = process.Oracle.Write(at, stamp);
                actual = process.Processor.TryWrite(address, bytes, out _);
            }
            else
            {
                expected = process.Oracle.Access(at, isWrite: false);
                actual = process.Processor.TryRead(address, bytes, out _);
                if (actual == AccessFault.None && expected == AccessFault.None && !PageStamp.Matches(bytes, process.Oracle.Content(at)))
                    throw new OracleMismatchException($"A read at {address} gave other bytes than those of 0x{process.Oracle.Content(at):x}.");
                if (actual == AccessFault.None)
                    CompareWithScope(process, address, bytes);
            }

            if (actual != expected)
                throw new OracleMismatchException($"The {(isWrite ? "write" : "read")} at {address} ended with {actual}, not {expected}.");
            if (actual != AccessFault.None)
                break;
        }
    }

    /// <summary>Accesses inside a scope have ways of their own to a page; they must end at the same one.</summary>
    private void CompareWithScope(ModelProcess process, VirtualAddress address, ReadOnlySpan<byte> bytes)
    {
        using AccessScope scope = process.Processor.EnterAccess();
        AccessFault fault = scope.TryTranslate(address, AccessKind.Read, out ulong physical);
        if (fault != AccessFault.None || !_memory.Bytes(new FrameNumber(physical >> PageSize.Shift)).SequenceEqual(bytes) || scope.Read<byte>(address) != bytes[0])
            throw new OracleMismatchException($"In a scope, {address} is another page than outside.");
    }

    private ulong NextStamp()
    {
        _stamp++;
        return (_stamp << 8) | (1 + (_stamp % 255));
    }

    private void AddProcess(AddressSpace space, Func<Func<ulong, (ulong Start, ulong End)?>, PageOracle> makeOracle)
    {
        var process = new ModelProcess(space);
        space.MoveObserver = process.Watch;
        process.Oracle = makeOracle(process.ExtentAt);
        _processes.Add(process);
    }

    private void AddFile(int descriptor, MemoryObject memory, OracleObject oracle)
    {
        oracle.Counterpart = memory;
        _files.Add((ulong)descriptor, (new OpenFile(memory), oracle));
    }

    private void DescribeFiles(AddressSpace space)
    {
        foreach ((ulong descriptor, (OpenFile file, _)) in _files)
        {
            space.Descriptors.Set((int)descriptor, file);
            _trail.Open((int)descriptor, $"/{file.Object.Kind}");
        }
    }

    private static ulong FileStamp(ulong page) => (page << 8) | 0x77;
}

/// <summary>One address space, a processor in it, and its oracle.</summary>
internal sealed class ModelProcess(AddressSpace space) : IDisposable
{
    internal AddressSpace Space => space;

    internal MoveWatch Watch { get; } = new(space);

    internal VirtualProcessor Processor { get; } = space.CreateProcessor();

    internal PageOracle Oracle { get; set; } = null!;

    /// <summary>The mappings before the call that is being made.</summary>
    internal IReadOnlyList<Mapping> Snapshot { get; set; } = [];

    public void Dispose()
    {
        Processor.Dispose();
        space.Dispose();
    }

    internal (ulong Start, ulong End)? ExtentAt(ulong address)
    {
        foreach (Mapping mapping in Snapshot)
        {
            if (mapping.Range.Contains(new VirtualAddress(address)))
                return (mapping.Start.Value, mapping.End.Value);
        }

        return null;
    }
}
