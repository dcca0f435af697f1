using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>Makes the calls of one random sequence. The seed and what the calls return decide all of it.</summary>
internal sealed partial class CallGenerator
{
    private const int MostProcesses = 4;
    private const ulong ForkSignal = 17;
    private const ulong NoDescriptor = ulong.MaxValue;

    /// <summary>How often each call is made, in parts of a thousand or so, and how.</summary>
    private static readonly (int Weight, Func<CallGenerator, int, SpaceSnapshot, CallRecord> Make)[] Recipes =
    [
        (215, (own, process, state) => Call(process, SystemCallNumber.Map, own.Map(state))),
        (85, (own, process, state) => Call(process, SystemCallNumber.Unmap, own.Unmap(state))),
        (180, (own, process, state) => Call(process, SystemCallNumber.Remap, own.Remap(state))),
        (100, (own, process, state) => Call(process, SystemCallNumber.Protect, own.Protect(state))),
        (120, (own, process, state) => Call(process, SystemCallNumber.Advise, own.Advise(state))),
        (130, (own, process, state) => Call(process, PseudoCall.MemorySet, own.Write(state))),
        (70, (own, process, state) => Call(process, PseudoCall.MemoryRead, own.Read(state))),
        (20, (own, process, _) => Call(process, SystemCallNumber.Break, own.Break())),
        (20, (own, process, state) => Call(process, SystemCallNumber.InCore, own.InCore(state))),
        (10, (own, process, state) => Call(process, SystemCallNumber.Lock, own.Lock(state))),
        (6, (own, process, state) => Call(process, SystemCallNumber.Unlock, own.Lock(state))),
        (4, (own, process, state) => Call(process, SystemCallNumber.Lock2, own.Lock2(state))),
        (3, (own, process, _) => Call(process, SystemCallNumber.LockAll, new CallArguments(own._random.Below(9)))),
        (2, (_, process, _) => Call(process, SystemCallNumber.UnlockAll, default)),
        (5, (own, process, state) => Call(process, SystemCallNumber.Sync, own.Sync(state))),
        (4, (own, process, state) => Call(process, SystemCallNumber.Seal, own.Seal(state))),
        (4, (own, process, _) => Call(process, SystemCallNumber.ControlProcess, own.Control())),
        (12, (own, process, state) => Call(process, SystemCallNumber.RemapFilePages, own.RemapFilePages(state))),
        (2, (own, process, state) => Call(process, SystemCallNumber.ProtectWithKey, own.ProtectWithKey(state))),
        (9, (own, process, state) => Call(process, SystemCallNumber.SetLimit, own.SetLimit(state))),
        (3, (own, process, _) => own._descriptors.Count == 0 ? own.Fork(process) : own.Truncate(process)),
        (1, (own, process, _) => own.Close(process)),
        (8, (own, process, _) => own.Fork(process)),
        (3, (own, process, _) => own.Exit(process)),
    ];

    private static readonly ulong Weights = (ulong)Recipes.Sum(recipe => recipe.Weight);

    private readonly AddressPicker _addresses;
    private readonly Queue<CallRecord> _prelude = new();
    private readonly List<int> _processes = [FirstProcess];
    private readonly List<int> _descriptors = [];
    private readonly List<ulong> _stacks = [];
    private SplitMix _random;
    private int _lastProcess = FirstProcess;

    /// <summary>Begins a sequence.</summary>
    /// <param name="seed">From which all calls are made.</param>
    /// <param name="hasHighAddresses">True to use addresses from 2^47 up too, which there are with five levels of page tables.</param>
    internal CallGenerator(ulong seed, bool hasHighAddresses = false)
    {
        _random = new SplitMix(seed);
        FuzzTerrain terrain = _random.Below(20) switch { < 10 => FuzzTerrain.Pages, < 14 => FuzzTerrain.Blocks, 14 => FuzzTerrain.LargePages, < 17 => FuzzTerrain.Giant, _ => FuzzTerrain.Anywhere };
        _addresses = new AddressPicker(terrain, hasHighAddresses, ref _random);
        PrepareFiles();
        _usesSegments = _random.Chance(25);
        if (terrain == FuzzTerrain.LargePages)
            PrepareLargePages();
    }

    /// <summary>What the sequence calls its first process.</summary>
    internal const int FirstProcess = 1;

    /// <summary>Makes the next call.</summary>
    /// <param name="state">What some process of the sequence holds, best the one that made the last call.</param>
    internal CallRecord Next(SpaceSnapshot state)
    {
        if (_prelude.TryDequeue(out CallRecord prepared))
            return prepared;
        int process = _processes[(int)_random.Below((ulong)_processes.Count)];
        if (_usesSegments && _random.Chance(25))
            return Segment(process, state);
        int left = (int)_random.Below(Weights);
        int recipe = 0;
        while ((left -= Recipes[recipe].Weight) >= 0)
            recipe++;
        return Recipes[recipe].Make(this, process, state);
    }

    /// <summary>Learns what a call returned; null when it was left out.</summary>
    internal void Note(in CallRecord record, CallResult? result)
    {
        _lastProcess = record.ThreadId;
        if (result is not { IsError: false } value)
            return;
        if (record.Call.Number == SystemCallNumber.Map && (record.Call.Arguments.Fourth & (ulong)MapFlags.GrowsDown) != 0)
            _stacks.Add((ulong)value.Raw);
        NoteSegment(record, value);
        switch (record.Call.Number)
        {
            case var _ when record.Call.ReturnsAddress && record.Call.Number != SystemCallNumber.Break:
                _addresses.Remember((ulong)value.Raw);
                break;
            case SystemCallNumber.OpenFile:
                _descriptors.Add((int)value.Raw);
                break;
            case SystemCallNumber.Clone:
                _processes.Add((int)value.Raw);
                break;
            case SystemCallNumber.ExitGroup:
                _processes.Remove(record.ThreadId);
                break;
        }
    }

    private static CallRecord Call(int process, SystemCallNumber number, CallArguments arguments) =>
        new() { Kind = CallRecordKind.Call, ThreadId = process, Call = new SystemCall(number, arguments) };

    private CallRecord Fork(int process)
    {
        if (_processes.Count >= MostProcesses)
            return Call(process, PseudoCall.MemorySet, new CallArguments(_addresses.Address(ref _random, EmptyState), 1, 1));
        CallRecord fork = Call(process, SystemCallNumber.Clone, new CallArguments(0, ForkSignal));
        return fork with { Outcome = CallOutcome.OfValue(_nextProcess++) };
    }

    private CallRecord Truncate(int process)
    {
        ulong descriptor = (ulong)_descriptors[(int)_random.Below((ulong)_descriptors.Count)];
        return Call(process, SystemCallNumber.Truncate, new CallArguments(descriptor, FileLength()));
    }

    private CallRecord Close(int process)
    {
        ulong descriptor = FirstDescriptor + _random.Below(4);
        return Call(process, SystemCallNumber.CloseFile, new CallArguments(descriptor, descriptor));
    }

    private CallRecord Exit(int process) => process == FirstProcess
        ? Call(process, SystemCallNumber.UnlockAll, default)
        : Call(process, SystemCallNumber.ExitGroup, default);

    private void PrepareFiles()
    {
        const ulong ReadOnly = 0, WriteOnly = 1, ReadWrite = 2;
        if (_random.Chance(60))
        {
            Prepare("/memfd:pageshift", ReadWrite);
            _prelude.Enqueue(Call(FirstProcess, SystemCallNumber.Truncate, new CallArguments(FirstDescriptor, FileLength())));
            if (_random.Chance(25))
                Prepare(CallPaths.OfDescriptor(FirstDescriptor), _random.Chance(70) ? ReadOnly : WriteOnly);
        }

        if (_random.Chance(25))
            Prepare(CallPaths.ZeroDevice, _random.Chance(80) ? ReadWrite : ReadOnly);
        if (_random.Chance(3))
            Prepare(CallPaths.Directory, ReadOnly);
    }

    private void PrepareLargePages()
    {
        const ulong PrivateFixed = (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        ulong start = _addresses.Address(ref _random, EmptyState) & ~(Block - 1);
        ulong length = Block * (1 + _random.Below(3));
        _prelude.Enqueue(Call(FirstProcess, SystemCallNumber.Map, new CallArguments(start, length, ReadWrite, PrivateFixed, NoDescriptor)));
        _prelude.Enqueue(Call(FirstProcess, SystemCallNumber.Advise, new CallArguments(start, length, (ulong)Advice.HugePage)));
        if (_random.Chance(80))
            _prelude.Enqueue(Call(FirstProcess, PseudoCall.MemorySet, new CallArguments(start + (_random.Below(length / Page) * Page), 1, 1)));
    }

    private ulong FileLength() => _addresses.Terrain is FuzzTerrain.Blocks or FuzzTerrain.LargePages or FuzzTerrain.Giant
        ? _random.Below(8) << 20
        : (_random.Below(24) << PageSize.Shift) + (_random.Chance(30) ? _random.Below(PageSize.Bytes) : 0);

    private void Prepare(string path, ulong flags) =>
        _prelude.Enqueue(Call(FirstProcess, SystemCallNumber.OpenFile, new CallArguments(flags)) with { FilePath = path });

    private const int FirstDescriptor = 3;
    private static readonly SpaceSnapshot EmptyState = new();
    private int _nextProcess = FirstProcess + 1;
}
