using PageShift.Abi;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <content>The arguments of each call: mostly sensible, sometimes not.</content>
internal sealed partial class CallGenerator
{
    private const ulong Page = PageSize.Bytes;
    private const ulong Block = 1UL << 21;
    private const ulong ReadWrite = 3;

    // What one call may fault in, so that a sequence takes milliseconds.
    private const ulong MostPopulated = 3UL << 20;

    private static readonly (Advice Advice, int Weight)[] Advices =
    [
        (Abi.Advice.DontNeed, 20), (Abi.Advice.DontFork, 8), (Abi.Advice.DoFork, 3), (Abi.Advice.WipeOnFork, 5), (Abi.Advice.KeepOnFork, 3),
        (Abi.Advice.DontDump, 3), (Abi.Advice.DoDump, 3), (Abi.Advice.Random, 3), (Abi.Advice.Sequential, 3), (Abi.Advice.Normal, 3),
        (Abi.Advice.Mergeable, 2), (Abi.Advice.Unmergeable, 2), (Abi.Advice.HugePage, 3), (Abi.Advice.NoHugePage, 3),
        (Abi.Advice.Free, 4), (Abi.Advice.Remove, 4), (Abi.Advice.WillNeed, 2), (Abi.Advice.Cold, 2), (Abi.Advice.PageOut, 2),
        (Abi.Advice.PopulateRead, 8), (Abi.Advice.PopulateWrite, 12), (Abi.Advice.DontNeedLocked, 3), (Abi.Advice.Collapse, 1),
        (Abi.Advice.GuardInstall, 6), (Abi.Advice.GuardRemove, 4), ((Advice)0x66, 1), ((Advice)5, 1),
    ];

    private static readonly ulong[] Protections = [3, 3, 3, 3, 3, 3, 1, 1, 1, 0, 0, 0, 5, 2, 7, 4, 6];

    private static readonly ulong[] RareMapFlags =
    [
        (ulong)MapFlags.NoReserve, (ulong)MapFlags.NoReserve, (ulong)MapFlags.GrowsDown, (ulong)MapFlags.GrowsDown, (ulong)MapFlags.Stack, (ulong)MapFlags.Locked,
        (ulong)MapFlags.NonBlock, (ulong)MapFlags.DenyWrite, (ulong)MapFlags.Executable, (ulong)MapFlags.Sync, (ulong)MapFlags.HugeTlb, (ulong)MapFlags.Uninitialized, 0x1000_0000,
        (ulong)MapFlags.Below2GiB,
    ];

    private CallArguments Map(SpaceSnapshot state)
    {
        ulong length = _addresses.Length(ref _random);
        ulong flags = MapType(out ulong descriptor, out ulong offset);
        ulong placing = _random.Below(100);
        ulong address = 0;
        if (_addresses.Terrain == FuzzTerrain.Anywhere ? placing < 25 : placing < 60)
            (address, flags) = (_addresses.Address(ref _random, state), flags | (ulong)MapFlags.Fixed);
        else if (placing < 67)
            (address, flags) = (_addresses.Address(ref _random, state), flags | (ulong)MapFlags.FixedNoReplace);
        else if (placing < 85)
            address = _addresses.Address(ref _random, state);
        if (_random.Chance(25))
            flags |= (ulong)MapFlags.Populate;
        while (_random.Chance(15))
            flags |= _random.Pick<ulong>(RareMapFlags);
        if (length is > MostPopulated and < 1UL << 46)
            flags &= ~(ulong)(MapFlags.Populate | MapFlags.Locked);
        // With a hint that is free there is no draw, and the sequence can be repeated.
        if ((flags & (ulong)(MapFlags.Below2GiB | MapFlags.Fixed | MapFlags.FixedNoReplace)) == (ulong)MapFlags.Below2GiB)
            address = 0x2000_0000 + (_random.Below(1 << 16) * Page);
        return new CallArguments(address, length, Protection(), flags, descriptor, offset);
    }

    private ulong MapType(out ulong descriptor, out ulong offset)
    {
        descriptor = NoDescriptor;
        offset = _random.Chance(3) ? _random.Below(4) * Page : 0;
        ulong choice = _random.Below(100);
        if (choice < 60)
            return (ulong)(MapFlags.Private | MapFlags.Anonymous);
        if (choice < 72)
            return (ulong)(MapFlags.Shared | MapFlags.Anonymous);
        if (choice < 74)
            return (ulong)(MapFlags.Droppable | MapFlags.Anonymous);
        if (choice < 76)
            return _random.Below(16) | (ulong)MapFlags.Anonymous;
        descriptor = _descriptors.Count == 0 || _random.Chance(2) ? _random.Below(10) : (ulong)_descriptors[(int)_random.Below((ulong)_descriptors.Count)];
        offset = _random.Below(40) switch { 0 => 0x7fff_ffff_ffff_f000, 1 => _random.Below(3 * Page), < 20 => 0, _ => _random.Below(16) * Page };
        return choice switch { < 87 => (ulong)MapFlags.Private, < 97 => (ulong)MapFlags.Shared, < 99 => (ulong)MapFlags.SharedValidate, _ => _random.Below(16) };
    }

    private ulong Protection()
    {
        ulong protection = _random.Pick<ulong>(Protections);
        return _random.Chance(1) ? protection | (8UL << (int)_random.Below(24)) : protection;
    }

    private CallArguments Unmap(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        return new CallArguments(start, length);
    }

    private CallArguments Remap(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        ulong newLength = _random.Below(20) switch
        {
            < 10 => length,
            < 13 => unchecked(length + (Page * (1 + _random.Below(8)))),
            < 15 => length / 2 & ~(Page - 1),
            _ => _addresses.Length(ref _random),
        };
        ulong flags = _random.Below(40) switch { < 4 => 0, < 13 => 1, < 30 => 3, < 34 => 7, < 38 => 5, _ => _random.Below(16) };
        if (_random.Chance(3))
            length = 0;
        if ((flags & (ulong)RemapFlags.DontUnmap) != 0 && _random.Chance(90))
            newLength = length;
        ulong destination = (flags & (ulong)(RemapFlags.Fixed | RemapFlags.DontUnmap)) == 0 ? 0 : _addresses.Destination(ref _random, state, start);
        return new CallArguments(start, length, newLength, flags, destination);
    }

    private CallArguments Protect(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        ulong protection = Protection();
        if (_stacks.Count != 0 && _random.Chance(10))
            return new CallArguments(_stacks[(int)_random.Below((ulong)_stacks.Count)] + (Page * _random.Below(4)), Page * (1 + _random.Below(3)), protection | (ulong)Abi.Protection.GrowsDown);
        if (_random.Chance(3))
            protection |= (ulong)(_random.Chance(75) ? Abi.Protection.GrowsDown : Abi.Protection.GrowsUp);
        return new CallArguments(start, length, protection);
    }

    private CallArguments ProtectWithKey(SpaceSnapshot state) =>
        Protect(state) with { Fourth = _random.Below(3) switch { 0 => ulong.MaxValue, var key => key - 1 } };

    private CallArguments Advise(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        Advice advice = PickAdvice();
        if (length is > MostPopulated and < 1UL << 46 && advice is Abi.Advice.PopulateRead or Abi.Advice.PopulateWrite or Abi.Advice.GuardInstall or Abi.Advice.Collapse)
            length = MostPopulated;
        if (advice is Abi.Advice.Collapse or Abi.Advice.HugePage && _random.Chance(60))
            (start, length) = (start & ~(Block - 1), (length + Block) & ~(Block - 1));
        return new CallArguments(start, length, (ulong)advice);
    }

    private Advice PickAdvice()
    {
        if (_addresses.Terrain is FuzzTerrain.Blocks && _random.Chance(20))
            return _random.Chance(80) ? Abi.Advice.HugePage : Abi.Advice.NoHugePage;
        if (_addresses.Terrain is FuzzTerrain.LargePages && _random.Chance(40))
            return _random.Below(10) switch { < 5 => Abi.Advice.HugePage, < 6 => Abi.Advice.NoHugePage, _ => Abi.Advice.Collapse };
        int total = 0;
        foreach ((_, int weight) in Advices)
            total += weight;
        int left = (int)_random.Below((ulong)total);
        foreach ((Advice advice, int weight) in Advices)
        {
            left -= weight;
            if (left < 0)
                return advice;
        }

        return Abi.Advice.Normal;
    }

    private CallArguments Write(SpaceSnapshot state)
    {
        ulong length = _random.Below(20) switch { < 12 => 1, < 16 => Page, < 19 => Page * (1 + _random.Below(4)), _ => _random.Below(3 * Page) };
        if (_addresses.Terrain == FuzzTerrain.Blocks && _random.Chance(3))
            length = Block;
        return new CallArguments(_addresses.Inside(ref _random, state), 1 + _random.Below(255), length);
    }

    private CallArguments Read(SpaceSnapshot state) =>
        new(_addresses.Inside(ref _random, state), _random.Below(10) switch { < 7 => 1, 7 => Page, _ => _random.Below(4 * Page) });

    private CallArguments Break()
    {
        const ulong Start = 0x40_1000;
        return new CallArguments(_random.Below(10) switch
        {
            0 => 0,
            1 => _addresses.Address(ref _random, EmptyState),
            2 => Start + (_random.Below(8) << 20),
            3 => Start + _random.Below(16 * Page),
            _ => Start + (_random.Below(18) * Page) - Page,
        });
    }

    private CallArguments InCore(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        return new CallArguments(start, length, _random.Chance(80) ? 0 : _addresses.Inside(ref _random, state));
    }

    private CallArguments Lock(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        return new CallArguments(start, length is > MostPopulated and < 1UL << 46 ? MostPopulated : length);
    }

    private CallArguments Lock2(SpaceSnapshot state) => Lock(state) with { Third = _random.Below(3) };

    private CallArguments Sync(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        return new CallArguments(start, length, _random.Below(9));
    }

    private CallArguments Seal(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        return new CallArguments(start, length, _random.Chance(95) ? 0UL : 1);
    }

    /// <summary>Of the options that concern memory; now and then with a bit or an argument that the option does not know.</summary>
    private CallArguments Control()
    {
        ulong stray = _random.Chance(20) ? 1 + _random.Below(4) : 0;
        ulong unused = _random.Chance(10) ? 1UL : 0;
        return _random.Below(10) switch
        {
            < 4 => new CallArguments((ulong)ControlOption.SetLargePagesDisabled, _random.Below(2), stray, unused),
            < 6 => new CallArguments((ulong)ControlOption.GetLargePagesDisabled, 0, 0, 0, unused),
            < 8 => new CallArguments((ulong)ControlOption.SetExecutionDenial, _random.Below(4) | stray, 0, unused),
            _ => new CallArguments((ulong)ControlOption.GetExecutionDenial, 0, 0, unused),
        };
    }

    /// <summary>Mostly of a shared mapping, where there is one.</summary>
    private CallArguments RemapFilePages(SpaceSnapshot state)
    {
        (ulong start, ulong length) = _addresses.Range(ref _random, state);
        for (int i = 0; i < 8 && state.Mappings.Count != 0; i++)
        {
            ObservedMapping mapping = state.Mappings[(int)_random.Below((ulong)state.Mappings.Count)];
            if (!mapping.IsShared)
                continue;
            start = mapping.Range.Start.Value + _random.Below(Math.Min(mapping.Range.Length.Value, 16 * Page));
            length = Page * (1 + _random.Below(6));
            break;
        }

        ulong page = _random.Below(40) switch { 0 => ulong.MaxValue - _random.Below(4), 1 => (1UL << 51) - _random.Below(4), _ => _random.Below(24) };
        ulong flags = _random.Below(10) switch { < 6 => 0, < 9 => (ulong)MapFlags.NonBlock, _ => _random.Below(1 << 20) };
        return new CallArguments(start, length is > MostPopulated and < 1UL << 46 ? MostPopulated : length, _random.Chance(3) ? Protection() : 0, page, flags);
    }

    private CallArguments SetLimit(SpaceSnapshot state)
    {
        const ulong HostBytes = 0x40_1000;
        const ulong Data = 2, Stack = 3, Locked = 8, Space = 9;
        ulong mapped = 0;
        foreach (ObservedMapping mapping in state.Mappings)
            mapped += mapping.Range.Length.Value;
        if (_random.Chance(20))
            return new CallArguments(_random.Pick<ulong>([Data, Stack, Space]), ulong.MaxValue);
        return _random.Below(4) switch
        {
            0 => new CallArguments(Space, mapped + HostBytes + (_random.Below(12) * Page)),
            1 => new CallArguments(Data, (_random.Chance(50) ? mapped : 0) + (_random.Below(24) * Page)),
            2 => new CallArguments(Stack, _random.Below(40) * Page),
            _ => new CallArguments(Locked, _random.Chance(20) ? 8UL << 20 : _random.Below(20) * Page),
        };
    }
}
