using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Conformance;

/// <summary>What runs a case: the engine, or the kernel.</summary>
internal abstract class ConformanceWorld : IDisposable
{
    internal abstract CallData Data { get; }

    internal abstract CallAnswer Execute(in CallRecord record);

    internal abstract void Observe(int process, SpaceSnapshot into);

    /// <summary>What the last mremap cost by the kernel's counters, or would have cost there; null where nothing can be counted.</summary>
    internal abstract (long Flushes, long Tables)? LastCost { get; }

    /// <summary>Lets the process's vdso lie at an address from here on.</summary>
    /// <returns>Null, or why that is not possible.</returns>
    internal abstract string? PlaceVdso(int process, VirtualAddress address);

    /// <summary>Registers a range with the process's userfaultfd for missing pages.</summary>
    /// <returns>Null, or why that is not possible.</returns>
    internal abstract string? WatchMissing(int process, AddressRange range);

    public abstract void Dispose();
}

/// <summary>The engine, in the surroundings that the kernel's processes have. What its moves cost is what they cost under the policy of the kernel that has proved the cases.</summary>
internal sealed class EngineWorld : ConformanceWorld, IMoveObserver
{
    private const MovePolicy Counted = MovePolicy.Linux67;

    private readonly PhysicalMemory _memory = new();
    private readonly EngineSide _engine;
    private MoveCost _cost;

    internal EngineWorld(MovePolicy policy, ConformanceCase conformanceCase)
    {
        LockstepSurroundings surroundings = LockstepSurroundings.Default with { ProtectionKeys = conformanceCase.NeedsProtectionKeys ?? false };
        _engine = new EngineSide(surroundings, _memory, policy, ConformanceRendering.FirstProcess(conformanceCase));
        _engine.SpaceOf(ConformanceRendering.FirstProcess(conformanceCase))!.MoveObserver = this;
    }

    internal override CallData Data => _engine.Data;

    internal override (long Flushes, long Tables)? LastCost => ((long)_cost.TlbFlushes, (long)_cost.TablesAllocated);

    internal override CallAnswer Execute(in CallRecord record)
    {
        if (record.Call.Number == SystemCallNumber.Remap)
            _cost = default;
        return _engine.Execute(record);
    }

    internal override string? PlaceVdso(int process, VirtualAddress address)
    {
        // The flags are those that smaps shows.
        const VmFlags flags = VmFlags.Read | VmFlags.Execute | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.DontExpand | VmFlags.Special;
        var mapping = new SystemCall(PseudoCall.Mapping, new CallArguments(address.Value, ConformanceCase.VdsoLength.Value, (ulong)flags, ulong.MaxValue, 0));
        CallAnswer answer = _engine.Execute(new CallRecord { Kind = CallRecordKind.Call, ThreadId = process, Call = mapping });
        return answer.Result.IsError ? $"the engine has no place for it: {answer.Result.Error}" : null;
    }

    internal override string? WatchMissing(int process, AddressRange range) =>
        _engine.SpaceOf(process)!.WatchMissing(range) is var error && error == Errno.None ? null : $"the engine can't register it: {error}";

    void IMoveObserver.Moving(MoveObservation move) => _cost += move.Plan(Counted).Cost;

    internal override void Observe(int process, SpaceSnapshot into) => _engine.Observe(process, into, withFlags: true);

    public override void Dispose()
    {
        foreach (int process in _engine.Processes)
            _engine.SpaceOf(process)!.Verify();
        _engine.Dispose();
        _memory.Dispose();
    }
}
