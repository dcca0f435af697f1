using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Verification;

/// <summary>Makes the calls of one random sequence. The seed and what the calls return decide all of it.</summary>
internal sealed partial class CallGenerator
{
    private const int MostProcesses = 4;
    private const ulong ForkSignal = 17;
    private const ulong NoDescriptor = ulong.MaxValue;

    private readonly AddressPicker _addresses;
    private readonly Queue<CallRecord> _prelude = new();
    private readonly List<int> _processes = [FirstProcess];
    private readonly List<int> _descriptors = [];
    private readonly List<ulong> _stacks = [];
    private SplitMix _random;
    private int _lastProcess = FirstProcess;

    /// <summary>Begins a sequence.</summary>
    internal CallGenerator(ulong seed)
    {
        _random = new SplitMix(seed);
        FuzzTerrain terrain = _random.Below(20) switch { < 10 => FuzzTerrain.Pages, < 14 => FuzzTerrain.Blocks, 14 => FuzzTerrain.LargePages, < 17 => FuzzTerrain.Giant, _ => FuzzTerrain.Anywhere };
        _addresses = new AddressPicker(terrain, ref _random);
        PrepareFiles();
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
        ulong choice = _random.Below(1000);
        return choice switch
        {
            < 215 => Call(process, CallKind.Map, Map(state)),
            < 300 => Call(process, CallKind.Unmap, Unmap(state)),
            < 480 => Call(process, CallKind.Remap, Remap(state)),
            < 580 => Call(process, CallKind.Protect, Protect(state)),
            < 700 => Call(process, CallKind.Advise, Advise(state)),
            < 830 => Call(process, CallKind.MemorySet, Write(state)),
            < 900 => Call(process, CallKind.MemoryRead, Read(state)),
            < 920 => Call(process, CallKind.Break, Break()),
            < 940 => Call(process, CallKind.InCore, InCore(state)),
            < 950 => Call(process, CallKind.Lock, Lock(state)),
            < 956 => Call(process, CallKind.Unlock, Lock(state)),
            < 960 => Call(process, CallKind.Lock2, Lock2(state)),
            < 963 => Call(process, CallKind.LockAll, new CallArguments(_random.Below(9))),
            < 965 => Call(process, CallKind.UnlockAll, default),
            < 970 => Call(process, CallKind.Sync, Sync(state)),
            < 974 => Call(process, CallKind.Seal, Seal(state)),
            < 976 => Call(process, CallKind.ProtectWithKey, ProtectWithKey(state)),
            < 985 => Call(process, CallKind.SetLimit, SetLimit(state)),
            < 988 when _descriptors.Count != 0 => Call(process, CallKind.Truncate, new CallArguments((ulong)_descriptors[(int)_random.Below((ulong)_descriptors.Count)], FileLength())),
            988 => Close(process),
            < 997 => Fork(process),
            _ => Exit(process),
        };
    }

    /// <summary>Learns what a call returned; null when it was left out.</summary>
    internal void Note(in CallRecord record, CallResult? result)
    {
        _lastProcess = record.ThreadId;
        if (result is not { IsError: false } value)
            return;
        if (record.Call.Kind == CallKind.Map && (record.Call.Arguments.Fourth & (ulong)MapFlags.GrowsDown) != 0)
            _stacks.Add((ulong)value.Raw);
        switch (record.Call.Kind)
        {
            case CallKind.Map or CallKind.Remap:
                _addresses.Remember((ulong)value.Raw);
                break;
            case CallKind.OpenFile:
                _descriptors.Add((int)value.Raw);
                break;
            case CallKind.Clone:
                _processes.Add((int)value.Raw);
                break;
            case CallKind.ExitGroup:
                _processes.Remove(record.ThreadId);
                break;
        }
    }

    private static CallRecord Call(int process, CallKind kind, CallArguments arguments) =>
        new() { Kind = CallRecordKind.Call, ThreadId = process, Call = new SystemCall(kind, arguments) };

    private CallRecord Fork(int process)
    {
        if (_processes.Count >= MostProcesses)
            return Call(process, CallKind.MemorySet, new CallArguments(_addresses.Address(ref _random, EmptyState), 1, 1));
        CallRecord fork = Call(process, CallKind.Clone, new CallArguments(0, ForkSignal));
        return fork with { Outcome = CallOutcome.OfValue(_nextProcess++) };
    }

    private CallRecord Close(int process)
    {
        ulong descriptor = FirstDescriptor + _random.Below(4);
        return Call(process, CallKind.CloseFile, new CallArguments(descriptor, descriptor));
    }

    private CallRecord Exit(int process) => process == FirstProcess
        ? Call(process, CallKind.UnlockAll, default)
        : Call(process, CallKind.ExitGroup, default);

    private void PrepareFiles()
    {
        const ulong ReadOnly = 0, WriteOnly = 1, ReadWrite = 2;
        if (_random.Chance(60))
        {
            Prepare("/memfd:pageshift", ReadWrite);
            _prelude.Enqueue(Call(FirstProcess, CallKind.Truncate, new CallArguments(FirstDescriptor, FileLength())));
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
        _prelude.Enqueue(Call(FirstProcess, CallKind.Map, new CallArguments(start, length, ReadWrite, PrivateFixed, NoDescriptor)));
        _prelude.Enqueue(Call(FirstProcess, CallKind.Advise, new CallArguments(start, length, (ulong)Advice.HugePage)));
        if (_random.Chance(80))
            _prelude.Enqueue(Call(FirstProcess, CallKind.MemorySet, new CallArguments(start + (_random.Below(length / Page) * Page), 1, 1)));
    }

    private ulong FileLength() => _addresses.Terrain is FuzzTerrain.Blocks or FuzzTerrain.LargePages or FuzzTerrain.Giant
        ? _random.Below(8) << 20
        : (_random.Below(24) << PageSize.Shift) + (_random.Chance(30) ? _random.Below(PageSize.Bytes) : 0);

    private void Prepare(string path, ulong flags) =>
        _prelude.Enqueue(Call(FirstProcess, CallKind.OpenFile, new CallArguments(flags)) with { FilePath = path });

    private const int FirstDescriptor = 3;
    private static readonly SpaceSnapshot EmptyState = new();
    private int _nextProcess = FirstProcess + 1;
}
