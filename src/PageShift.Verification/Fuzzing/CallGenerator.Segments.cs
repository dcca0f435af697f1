using PageShift.Abi;
using PageShift.Calls;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <content>System V shared memory: a few segments, attached often.</content>
internal sealed partial class CallGenerator
{
    private static readonly ulong[] Modes = [0x180, 0x180, 0x180, 0x180, 0x1c0, 0x1ff, 0x100, 0x80, 0];

    private readonly List<int> _segments = [];
    private readonly List<ulong> _attached = [];
    private readonly bool _usesSegments;

    private CallRecord Segment(int process, SpaceSnapshot state) => (_segments.Count == 0 ? 0 : _random.Below(100)) switch
    {
        < 14 => Call(process, SystemCallNumber.GetSegment, GetSegment()),
        < 60 => Call(process, SystemCallNumber.AttachSegment, AttachSegment(state)),
        < 92 => Call(process, SystemCallNumber.DetachSegment, new CallArguments(AttachedAt(state))),
        _ => Call(process, SystemCallNumber.ControlSegment, new CallArguments(Identifier(), _random.Chance(85) ? 0UL : 99)),
    };

    private void NoteSegment(in CallRecord record, CallResult value)
    {
        if (record.Call.Number == SystemCallNumber.GetSegment && !_segments.Contains((int)value.Raw))
            _segments.Add((int)value.Raw);
        else if (record.Call.Number == SystemCallNumber.AttachSegment)
            _attached.Add((ulong)value.Raw);
    }

    private CallArguments GetSegment()
    {
        ulong length = _random.Chance(10) ? _addresses.Length(ref _random) : (Page * (1 + _random.Below(12))) - (_random.Chance(20) ? _random.Below(Page) : 0);
        ulong flags = _random.Pick<ulong>(Modes) | (_random.Chance(75) ? (ulong)SegmentFlags.Create : 0) | (_random.Chance(15) ? (ulong)SegmentFlags.Exclusive : 0);
        if (_random.Chance(10) && length < 1UL << 32)
            flags |= (ulong)SegmentFlags.NoReserve;
        return new CallArguments(_random.Chance(50) ? 0 : 1 + _random.Below(3), _random.Chance(5) ? 0 : length, flags);
    }

    private CallArguments AttachSegment(SpaceSnapshot state)
    {
        ulong flags = (_random.Chance(20) ? (ulong)AttachFlags.ReadOnly : 0) | (_random.Chance(8) ? (ulong)AttachFlags.Execute : 0);
        if (_random.Chance(25))
            flags |= (ulong)AttachFlags.RoundDown;
        ulong address = _random.Chance(30) ? 0 : _addresses.Address(ref _random, state);
        if (_random.Chance(address == 0 ? 3 : 35))
            flags |= (ulong)AttachFlags.Replace;
        return new CallArguments(Identifier(), address, flags);
    }

    /// <summary>Where something was attached, or where page 0 would be of what a mapping shows.</summary>
    private ulong AttachedAt(SpaceSnapshot state)
    {
        ulong choice = _random.Below(10);
        if (choice < 5 && _attached.Count != 0)
            return _attached[(int)_random.Below((ulong)_attached.Count)];
        if (choice < 9 && state.Mappings.Count != 0 && state.Mappings[(int)_random.Below((ulong)state.Mappings.Count)] is { IsShared: true } shown)
            return unchecked(shown.Range.Start.Value - shown.FileOffset);
        return _addresses.Address(ref _random, state);
    }

    private ulong Identifier() => _random.Chance(4)
        ? _random.Pick<ulong>([0, 1, 5, 32768, ulong.MaxValue])
        : (ulong)_segments[(int)_random.Below((ulong)_segments.Count)];
}
