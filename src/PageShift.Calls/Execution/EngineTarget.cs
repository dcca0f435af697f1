using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>A process of the engine's: an address space, its open files, and a processor for its accesses.</summary>
/// <param name="space">The space, which is given back with the target.</param>
/// <param name="objects">Takes what is made for files that are opened, whose owner disposes it; null when that is nobody's concern.</param>
internal sealed class EngineTarget(AddressSpace space, ICollection<MemoryObject>? objects = null) : ICallTarget<EngineTarget>, IMoveObserver
{
    private const ulong NamesDestination = (ulong)(RemapFlags.Fixed | RemapFlags.DontUnmap);

    private IMoveObserver? _observer;
    private readonly AssumedPages _assumed = new(space);
    private VirtualProcessor? _processor;
    private int _moves;

    /// <summary>The space.</summary>
    public AddressSpace Space { get; } = space;

    /// <summary>The processor that makes the accesses.</summary>
    public VirtualProcessor Processor => _processor ??= Space.CreateProcessor();

    /// <summary>Sees moves just before they are made; null for nobody. A fork has the same observer.</summary>
    public IMoveObserver? MoveObserver
    {
        get => _observer;
        set
        {
            _observer = value;
            Space.MoveObserver = value is null ? null : this;
        }
    }

    /// <summary>Is shown, just before a remap that may move one mapping, the same move to a congruent place, where there is one and the place that the call names is not congruent itself; null for
    /// nobody. A fork has the same observer.</summary>
    public IMoveObserver? CongruentObserver { get; set; }

    /// <inheritdoc/>
    public CallAnswer Execute(in SystemCall call, string? filePath = null, CallData? data = null)
    {
        CallArguments a = call.Arguments;
        bool assumes = !_assumed.IsEmpty;
        if (assumes)
            _assumed.Prepare(call);
        switch (call.Number)
        {
            case PseudoCall.MemorySet:
                return Fill(a.First, (byte)a.Second, a.Third);
            case PseudoCall.MemoryRead when data is not null:
                return Read(a.First, a.Second, data);
            case SystemCallNumber.InCore when a.Third == 0 && data is not null:
                return InCore(a.First, a.Second, data);
            case SystemCallNumber.OpenFile when filePath is not null:
                return new CallAnswer(Open(filePath, a.First));
            case SystemCallNumber.CloseFile:
                return new CallAnswer(Close(a.First, a.Second));
            case SystemCallNumber.Truncate:
                return new CallAnswer(Truncate((int)a.First, a.Second));
            case SystemCallNumber.SetLimit:
                SetLimit((KernelResource)a.First, new ByteLength(a.Second));
                return new CallAnswer(CallResult.Success);
            case PseudoCall.Present:
                return new CallAnswer(MarkPresent(a.First, a.Second, a.Third));
            case PseudoCall.Absent:
                _assumed.Clear();
                Space.ForgetPages();
                return new CallAnswer(CallResult.Success);
            case PseudoCall.AnonVma:
                Space.MarkPrivate(new VirtualAddress(a.First));
                return new CallAnswer(CallResult.Success);
            case PseudoCall.Mapping:
                return new CallAnswer(Adopt(a));
        }

        _moves = 0;
        if (CongruentObserver is not null && call.Number == SystemCallNumber.Remap)
            ShowCongruent(a);
        CallResult result = call.Number == PseudoCall.RelocateDown
            ? Space.RelocateDown(new VirtualAddress(a.First), new ByteLength(a.Second), new ByteLength(a.Third))
            : Space.Invoke(call.Number, a);
        if (assumes)
            _assumed.Settle(call, result);
        return new CallAnswer(result) { Moves = _moves };
    }

    /// <summary>Takes the pages of a range to be present, which lies in one private mapping: they will be when something looks at them.</summary>
    public void Assume(AddressRange range) => _assumed.Add(range);

    /// <summary>Assumes nothing any more of a range, whose pages were taken away without a call.</summary>
    public void Forget(AddressRange range) => _assumed.Remove(range);

    /// <summary>Makes present what was assumed to be.</summary>
    public void MakeAssumedPresent() => _assumed.MakePresent();

    /// <inheritdoc/>
    public CallResult TryFork(out EngineTarget child)
    {
        _assumed.MakePresent();
        child = new EngineTarget(Space.Fork(), objects) { MoveObserver = MoveObserver, CongruentObserver = CongruentObserver };
        return CallResult.Success;
    }

    /// <summary>Gives the processor and the space back.</summary>
    public void Dispose()
    {
        _processor?.Dispose();
        Space.Dispose();
    }

    /// <summary>True for an mremap that names no destination and needs none.</summary>
    internal bool GrowsInPlace(in CallArguments remap)
    {
        if ((remap.Fourth & NamesDestination) != 0)
            return false;
        if (new ByteLength(remap.Second).RoundUpToPages() is not { } old || new ByteLength(remap.Third).RoundUpToPages() is not { } wanted)
            return true; // too long for anything: an error
        ulong end = unchecked(remap.First + old.Value);
        ulong limit = Space.Geometry.UserLimit.Value;
        if (end < remap.First || wanted <= old || (wanted - old).Value > limit - Math.Min(end, limit))
            return false;
        var grown = new AddressRange(new VirtualAddress(end), wanted - old);
        return Space.FindHole(grown) == grown;
    }

    private void ShowCongruent(in CallArguments remap)
    {
        ulong limit = Space.Geometry.UserLimit.Value;
        if (!SystemCallTable.Find(SystemCallNumber.Remap)!.MayMove(remap) || ((remap.First | remap.Fifth) & (PageSize.Bytes - 1)) != 0 || IsCongruent(remap) || GrowsInPlace(remap))
            return;
        if (new ByteLength(Math.Min(remap.Second, remap.Third)).RoundUpToPages() is not { Value: not 0 } moved || new ByteLength(remap.Third).RoundUpToPages() is not { } wanted)
            return;
        if (wanted.Value <= limit && remap.First <= limit - moved.Value)
            Space.ForecastCongruentMove(new VirtualAddress(remap.First), moved, wanted, keepsSource: (remap.Fourth & (ulong)RemapFlags.DontUnmap) != 0, CongruentObserver!);
    }

    /// <summary>True when the place that the call names is as congruent as its length makes worthwhile.</summary>
    private bool IsCongruent(in CallArguments remap) =>
        (remap.Fourth & (ulong)RemapFlags.Fixed) != 0
        && Space.Geometry.Congruence(new VirtualAddress(remap.First), new VirtualAddress(remap.Fifth)) >= Space.Geometry.HighestUseful(new ByteLength(remap.Third));

    void IMoveObserver.Moving(MoveObservation move)
    {
        _moves++;
        _observer!.Moving(move);
    }

    private CallAnswer Fill(ulong start, byte value, ulong length)
    {
        // No range reaches the last byte of all; there is nothing to fill.
        if (length > ulong.MaxValue - start)
            return AnswerTo(Processor.TryWrite(new VirtualAddress(start), value), 0);
        AccessFault fault = Processor.TryFill(new AddressRange(new VirtualAddress(start), new ByteLength(length)), value, out ulong filled);
        return AnswerTo(fault, filled);
    }

    private CallAnswer Read(ulong start, ulong length, CallData data)
    {
        AccessFault fault = Processor.TryRead(new VirtualAddress(start), data.Take((int)length), out int copied);
        data.Length = copied;
        return AnswerTo(fault, (ulong)copied).WithFirstByte(data.Bytes);
    }

    private CallAnswer AnswerTo(AccessFault fault, ulong bytesDone) =>
        new(CallAnswer.OfFault(fault), bytesDone, fault is AccessFault.None or AccessFault.NonCanonical ? 0 : Processor.FaultAddress.Value);

    private CallAnswer InCore(ulong start, ulong length, CallData data)
    {
        Span<byte> vector = data.Take(CallData.VectorBytes);
        vector.Clear();
        CallResult result = Space.InCore(new VirtualAddress(start), new ByteLength(length), vector);
        data.Length = result.IsError ? 0 : (int)((length + (PageSize.Bytes - 1)) >> PageSize.Shift);
        return new CallAnswer(result);
    }

    private CallResult Open(string path, ulong flags)
    {
        MemoryObject memory;
        bool isUnmappable = false;
        if (CallPaths.TryGetDescriptor(path, out int descriptor))
        {
            if (!Space.Descriptors.TryGet(descriptor, out OpenFile? opened))
                return Errno.NoSuchEntry;
            (memory, isUnmappable) = (opened.Object, opened.IsUnmappable);
        }
        else
        {
            isUnmappable = path == CallPaths.Directory;
            memory = path == CallPaths.ZeroDevice ? ZeroDevice() : Made(CallPaths.IsSecretMemory(path) ? MemoryObjectKind.SecretMemory : MemoryObjectKind.Memory, default);
        }

        return new CallResult(Space.Descriptors.Open(CallPaths.Open(memory, flags, isUnmappable)));
    }

    /// <summary>There is one such device, however often it is opened.</summary>
    private MemoryObject ZeroDevice() =>
        objects?.FirstOrDefault(memory => memory.Kind == MemoryObjectKind.ZeroDevice) ?? Made(MemoryObjectKind.ZeroDevice, new ByteLength(ulong.MaxValue));

    private MemoryObject Made(MemoryObjectKind kind, ByteLength length)
    {
        var memory = new MemoryObject(Space.Memory, kind, length);
        objects?.Add(memory);
        return memory;
    }

    private CallResult Close(ulong first, ulong last)
    {
        if (first == last)
            return Space.Descriptors.Close((int)first) ? CallResult.Success : Errno.BadFileDescriptor;
        Space.Descriptors.CloseRange((int)Math.Min(first, int.MaxValue), (int)Math.Min(last, int.MaxValue));
        return CallResult.Success;
    }

    private CallResult Truncate(int descriptor, ulong length)
    {
        if ((long)length < 0)
            return Errno.InvalidArgument;
        if (!Space.Descriptors.TryGet(descriptor, out OpenFile? file) || file.IsPathOnly)
            return Errno.BadFileDescriptor;
        // The length of secret memory can be set once.
        bool hasLength = file.Object.Kind == MemoryObjectKind.Memory || (file.Object.Kind == MemoryObjectKind.SecretMemory && file.Object.Length == default);
        if (!file.CanWrite || file.IsUnmappable || !hasLength)
            return Errno.InvalidArgument;
        file.Object.SetLength(new ByteLength(length));
        return CallResult.Success;
    }

    private CallResult Adopt(in CallArguments a)
    {
        var range = new AddressRange(new VirtualAddress(a.First), new ByteLength(a.Second));
        if (range.IsEmpty || !range.Start.IsAligned(PageSize.Length) || !range.End.IsAligned(PageSize.Length) || range.End > Space.Geometry.UserLimit)
            return Errno.InvalidArgument;
        var flags = (VmFlags)a.Third;
        // One that grows down and only begins lower now, stays the one that it was.
        if (flags.HasFlag(VmFlags.GrowsDown) && Space.FindHole(range) is { } hole && hole.Start == range.Start && hole.End < range.End
            && Space.GetMappings(new AddressRange(hole.End, range.End)) is [var grown] && grown.End == range.End && Space.TryAdoptGrowth(hole.End, range.Start))
            return CallResult.Success;
        _ = Space.Descriptors.TryGet((int)a.Fourth, out OpenFile? file);
        Space.AdoptHole(range);
        Space.AdoptMapping(range, flags, file, new PageCount(a.Fifth));
        return CallResult.Success;
    }

    private CallResult MarkPresent(ulong start, ulong length, ulong span)
    {
        PageTableLevel level = PageTableLevel.Pte;
        if (span == Space.Geometry.Span(PageTableLevel.Pmd).Value)
            level = PageTableLevel.Pmd;
        else if (span is not (0 or PageSize.Bytes))
            return Errno.InvalidArgument;
        return Space.MarkPresent(new AddressRange(new VirtualAddress(start), new ByteLength(length)), level);
    }

    private void SetLimit(KernelResource resource, ByteLength limit)
    {
        ResourceLimits limits = Space.Limits;
        Space.Limits = resource switch
        {
            KernelResource.Data => limits with { Data = limit },
            KernelResource.Stack => limits with { Stack = limit },
            KernelResource.LockedMemory => limits with { Locked = limit },
            KernelResource.AddressSpace => limits with { AddressSpace = limit },
            _ => limits,
        };
    }
}
