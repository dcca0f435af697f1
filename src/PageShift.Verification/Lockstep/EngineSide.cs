using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Physical;

namespace PageShift.Verification.Lockstep;

/// <summary>The engine as one of the two sides.</summary>
internal sealed partial class EngineSide : CallSide<EngineTarget>
{
    private readonly List<MemoryObject> _objects;
    private readonly LockstepSurroundings _surroundings;
    private readonly PhysicalMemory _memory;

    /// <summary>Begins with one process, which logs call <see cref="CallRecord.ThreadId"/> 0 or <paramref name="firstProcess"/>.</summary>
    internal EngineSide(LockstepSurroundings surroundings, PhysicalMemory memory, MovePolicy policy, int firstProcess)
        : this(surroundings, memory, policy, firstProcess, [])
    {
    }

    private EngineSide(LockstepSurroundings surroundings, PhysicalMemory memory, MovePolicy policy, int firstProcess, List<MemoryObject> objects)
        : base(new EngineTarget(surroundings.MakeSpace(memory, policy, objects), objects), firstProcess)
    {
        _surroundings = surroundings;
        _memory = memory;
        _objects = objects;
        var nothing = new OpenFile(new MemoryObject(memory, MemoryObjectKind.Memory, default)) { IsUnmappable = true };
        for (int descriptor = 0; descriptor < 3; descriptor++)
            SpaceOf(firstProcess)!.Descriptors.Set(descriptor, nothing);
    }

    /// <summary>True when the kernel beside may swap pages out.</summary>
    internal bool HasSwap => _surroundings.HasSwap;

    /// <summary>True when the kernel beside has a pool of huge pages.</summary>
    internal bool HasHugePagePool => _surroundings.HasHugePagePool;

    /// <summary>A process's space; null when there is no such process.</summary>
    internal AddressSpace? SpaceOf(int process) => Find(process)?.Space;

    /// <summary>Throws when the host has no memory left for the engine's frames: then an answer of the engine's says nothing about it.</summary>
    /// <exception cref="InsufficientMemoryException">It has none.</exception>
    internal void ThrowIfHostExhausted() => _memory.ThrowIfHostExhausted();

    /// <summary>Checks the invariants of all spaces together, frames and their references included. Nothing when all processes have ended.</summary>
    /// <exception cref="InvalidOperationException">One does not hold; the message says which.</exception>
    internal void Verify()
    {
        AddressSpace[] spaces = [.. Targets.Select(process => process.Space)];
        if (spaces.Length != 0)
            AddressSpace.VerifyAll(spaces, _objects);
    }

    /// <summary>Gives everything back.</summary>
    public override void Dispose()
    {
        foreach (EngineTarget process in Targets)
        {
            foreach (Mapping mapping in process.Space.GetMappings())
            {
                if (mapping.File is { } file)
                    _objects.Add(file.Object);
            }
        }

        base.Dispose();
        foreach (MemoryObject memory in _objects)
            memory.Dispose();
    }
}
