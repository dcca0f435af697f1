using PageShift.Abi;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Translation;

namespace PageShift.Verification;

/// <summary>The engine as one of the two sides: a family of address spaces, by the thread id that a log gives them.
/// Thread safety: none; one thread at a time.</summary>
internal sealed partial class EngineSide : IDisposable
{
    private readonly Dictionary<int, EngineProcess> _processes = [];
    private readonly List<MemoryObject> _objects = [];
    private readonly LockstepSurroundings _surroundings;
    private readonly PhysicalMemory _memory;

    /// <summary>Begins with one process, which logs call <see cref="CallRecord.ThreadId"/> 0 or <paramref name="firstProcess"/>.</summary>
    internal EngineSide(LockstepSurroundings surroundings, PhysicalMemory memory, MovePolicy policy, int firstProcess)
    {
        _surroundings = surroundings;
        _memory = memory;
        AddressSpace space = surroundings.MakeSpace(memory, policy, _objects);
        var nothing = new OpenFile(new MemoryObject(memory, MemoryObjectKind.Memory, default)) { IsUnmappable = true };
        for (int descriptor = 0; descriptor < 3; descriptor++)
            space.Descriptors.Set(descriptor, nothing);
        _processes.Add(firstProcess, new EngineProcess(space));
    }

    /// <summary>What the last call gave back beside its result: the bytes that were read, or mincore's vector.</summary>
    internal CallData Data { get; } = new();

    /// <summary>True when the kernel beside may swap pages out.</summary>
    internal bool HasSwap => _surroundings.HasSwap;

    /// <summary>The processes that have not ended.</summary>
    internal Dictionary<int, EngineProcess>.KeyCollection Processes => _processes.Keys;

    /// <summary>A process's space; null when there is no such process.</summary>
    internal AddressSpace? SpaceOf(int process) => _processes.GetValueOrDefault(process)?.Space;

    /// <summary>Executes a call that the kernel's side has not refused.</summary>
    internal CallAnswer Execute(in CallRecord record)
    {
        Data.Length = 0;
        if (!_processes.TryGetValue(record.ThreadId, out EngineProcess? process))
            return CallAnswer.Refused(Linux.Refusal.ProcessEnded);
        CallArguments a = record.Call.Arguments;
        switch (record.Call.Number)
        {
            case PseudoCall.MemorySet:
                return Fill(process, a.First, (byte)a.Second, a.Third);
            case PseudoCall.MemoryRead:
                return Read(process, a.First, a.Second);
            case SystemCallNumber.InCore when a.Third == 0:
                return InCore(process.Space, a.First, a.Second);
            case SystemCallNumber.Clone:
                return Fork(process, record);
            case SystemCallNumber.ExitGroup:
                _processes.Remove(record.ThreadId);
                process.Dispose();
                return new CallAnswer(CallResult.Success);
            case SystemCallNumber.OpenFile:
                return new CallAnswer(Open(process.Space, record));
            case SystemCallNumber.CloseFile:
                return new CallAnswer(process.Space.Descriptors.Close((int)a.First) ? CallResult.Success : Errno.BadFileDescriptor);
            case SystemCallNumber.Truncate:
                return new CallAnswer(Truncate(process.Space, (int)a.First, a.Second));
            case SystemCallNumber.SetLimit:
                SetLimit(process.Space, a.First, new ByteLength(a.Second));
                return new CallAnswer(CallResult.Success);
            default:
                return new CallAnswer(process.Space.Invoke(record.Call.Number, a));
        }
    }

    /// <summary>Throws when the host has no memory left for the engine's frames: then an answer of the engine's says nothing about it.</summary>
    /// <exception cref="InsufficientMemoryException">It has none.</exception>
    internal void ThrowIfHostExhausted() => _memory.ThrowIfHostExhausted();

    /// <summary>Checks the invariants of all spaces together, frames and their references included.</summary>
    /// <exception cref="InvalidOperationException">One does not hold; the message says which.</exception>
    internal void Verify() => AddressSpace.VerifyAll([.. _processes.Values.Select(process => process.Space)], _objects);

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        foreach (EngineProcess process in _processes.Values)
        {
            foreach (Mapping mapping in process.Space.GetMappings())
            {
                if (mapping.File is { } file)
                    _objects.Add(file.Object);
            }

            process.Dispose();
        }

        _processes.Clear();
        foreach (MemoryObject memory in _objects)
            memory.Dispose();
    }

    private static CallAnswer Fill(EngineProcess process, ulong start, byte value, ulong length)
    {
        // No range reaches the last byte of all; there is nothing to fill.
        if (length > ulong.MaxValue - start)
        {
            AccessFault beyond = process.Processor.TryWrite(new VirtualAddress(start), value);
            return new CallAnswer(CallAnswer.OfFault(beyond), 0, FaultAddressOf(process, beyond));
        }

        AccessFault fault = process.Processor.TryFill(new AddressRange(new VirtualAddress(start), new ByteLength(length)), value, out ulong filled);
        return new CallAnswer(CallAnswer.OfFault(fault), filled, FaultAddressOf(process, fault));
    }

    private CallAnswer Read(EngineProcess process, ulong start, ulong length)
    {
        Span<byte> bytes = Data.Take((int)length);
        AccessFault fault = process.Processor.TryRead(new VirtualAddress(start), bytes, out int copied);
        Data.Length = copied;
        return new CallAnswer(CallAnswer.OfFault(fault), (ulong)copied, FaultAddressOf(process, fault)).WithFirstByte(Data.Bytes);
    }

    private static ulong FaultAddressOf(EngineProcess process, AccessFault fault) =>
        fault is AccessFault.None or AccessFault.NonCanonical ? 0 : process.Processor.FaultAddress.Value;

    private CallAnswer InCore(AddressSpace space, ulong start, ulong length)
    {
        Span<byte> vector = Data.Take(CallData.VectorBytes);
        vector.Clear();
        CallResult result = space.InCore(new VirtualAddress(start), new ByteLength(length), vector);
        Data.Length = result.IsError ? 0 : (int)((length + (PageSize.Bytes - 1)) >> PageSize.Shift);
        return new CallAnswer(result);
    }

    private CallAnswer Fork(EngineProcess parent, in CallRecord record)
    {
        int id = (int)record.Outcome.Value;
        _processes.Add(id, new EngineProcess(parent.Space.Fork()));
        return new CallAnswer(new CallResult(id));
    }

    private CallResult Open(AddressSpace space, in CallRecord record)
    {
        string path = record.FilePath!;
        ulong flags = record.Call.Arguments.First;
        MemoryObject memory;
        bool isUnmappable = false;
        if (CallPaths.TryGetDescriptor(path, out int descriptor))
        {
            if (!space.Descriptors.TryGet(descriptor, out OpenFile? opened))
                return Errno.NoSuchEntry;
            (memory, isUnmappable) = (opened.Object, opened.IsUnmappable);
        }
        else
        {
            isUnmappable = path == CallPaths.Directory;
            memory = new MemoryObject(_memory, path == CallPaths.ZeroDevice ? MemoryObjectKind.ZeroDevice : MemoryObjectKind.Memory, new ByteLength(path == CallPaths.ZeroDevice ? ulong.MaxValue : 0));
            _objects.Add(memory);
        }

        return new CallResult(space.Descriptors.Open(CallPaths.Open(memory, flags, isUnmappable)));
    }

    private static CallResult Truncate(AddressSpace space, int descriptor, ulong length)
    {
        if (!space.Descriptors.TryGet(descriptor, out OpenFile? file) || file.IsPathOnly)
            return Errno.BadFileDescriptor;
        if (!file.CanWrite || file.IsUnmappable || file.Object.Kind != MemoryObjectKind.Memory)
            return Errno.InvalidArgument;
        file.Object.SetLength(new ByteLength(length));
        return CallResult.Success;
    }

    private static void SetLimit(AddressSpace space, ulong resource, ByteLength limit)
    {
        ResourceLimits limits = space.Limits;
        space.Limits = (Linux.KernelResource)resource switch
        {
            Linux.KernelResource.Data => limits with { Data = limit },
            Linux.KernelResource.Stack => limits with { Stack = limit },
            Linux.KernelResource.LockedMemory => limits with { Locked = limit },
            Linux.KernelResource.AddressSpace => limits with { AddressSpace = limit },
            _ => limits,
        };
    }
}

/// <summary>One process of the engine's side.</summary>
internal sealed class EngineProcess(AddressSpace space) : IDisposable
{
    internal AddressSpace Space { get; } = space;

    internal VirtualProcessor Processor { get; } = space.CreateProcessor();

    public void Dispose()
    {
        Processor.Dispose();
        Space.Dispose();
    }
}
