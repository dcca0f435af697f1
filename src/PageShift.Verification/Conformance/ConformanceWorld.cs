using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Conformance;

/// <summary>What runs a case: the engine, or the kernel.</summary>
internal abstract class ConformanceWorld : IDisposable
{
    internal abstract CallData Data { get; }

    internal abstract CallAnswer Execute(in CallRecord record);

    internal abstract void Observe(int process, SpaceSnapshot into);

    public abstract void Dispose();
}

/// <summary>The engine, in the surroundings that the kernel's processes have.</summary>
internal sealed class EngineWorld : ConformanceWorld
{
    private readonly PhysicalMemory _memory = new();
    private readonly EngineSide _engine;

    internal EngineWorld(MovePolicy policy, ConformanceCase conformanceCase)
    {
        LockstepSurroundings surroundings = LockstepSurroundings.Default with { ProtectionKeys = conformanceCase.NeedsProtectionKeys ?? false };
        _engine = new EngineSide(surroundings, _memory, policy, ConformanceRendering.FirstProcess(conformanceCase));
    }

    internal override CallData Data => _engine.Data;

    internal override CallAnswer Execute(in CallRecord record) => _engine.Execute(record);

    internal override void Observe(int process, SpaceSnapshot into) => _engine.Observe(process, into, withFlags: true);

    public override void Dispose()
    {
        foreach (int process in _engine.Processes)
            _engine.SpaceOf(process)!.Verify();
        _engine.Dispose();
        _memory.Dispose();
    }
}
