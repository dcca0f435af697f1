using PageShift.Abi;
using PageShift.Linux.Tracing;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Verification.Following;

/// <content>Congruent destinations for moves that leave theirs to the kernel. Nothing but the place may change: what can't be promised is left as it is, and counted.</content>
internal sealed partial class FollowedSpace
{
    private const VmFlags PlacedByOtherRules = VmFlags.Locked | VmFlags.LockOnFault | VmFlags.GrowsDown | VmFlags.DontExpand;

    private int _placedThread;
    private bool _isPlaced;

    /// <summary>The arguments with which a call moves to a congruent place; null for its own.</summary>
    internal CallArguments? Place(in CallEntry call)
    {
        CallArguments a = call.Arguments;
        _placedThread = 0;
        if (call.Number != SystemCallNumber.Remap || (a.Fourth & (ulong)RemapFlags.Fixed) != 0 || !WillMove(call) || SourceOf(a) is not { } source || new ByteLength(a.Third).RoundUpToPages() is not { } wanted
            || wanted > Everything.Length || GrowsInPlaceNow(source, wanted, a))
            return null;
        if (FindPlace(call, source, wanted, out VirtualAddress place) is { } obstacle)
        {
            _context.Statistics.AddUnplaced(obstacle);
            return null;
        }

        _placedThread = call.ThreadId;
        return a with { Fourth = a.Fourth | (ulong)RemapFlags.Fixed, Fifth = place.Value };
    }

    /// <summary>The call in progress is not made with the arguments that it got from <see cref="Place"/>.</summary>
    internal void NotPlaced(ReplacementFailure failure)
    {
        _placedThread = 0;
        _context.Statistics.AddUnplaced(failure == ReplacementFailure.OwnFilter ? PlacementObstacle.OwnFilter : PlacementObstacle.Refused);
    }

    /// <summary>What is to move; null for what can't be mapped, which the kernel refuses.</summary>
    private static AddressRange? SourceOf(in CallArguments a) =>
        new ByteLength(a.Second).RoundUpToPages() is { } length && length.Value > 0 && length <= Everything.Length && a.First <= (Everything.End - length).Value
            ? new AddressRange(new VirtualAddress(a.First), length) : null;

    private PlacementObstacle? FindPlace(in CallEntry call, AddressRange source, ByteLength wanted, out VirtualAddress place)
    {
        CallArguments a = call.Arguments;
        place = default;
        if ((a.Fourth & (ulong)RemapFlags.DontUnmap) != 0 && a.Fifth != 0)
            return PlacementObstacle.NamesPlace;
        _engine.Clear();
        Engine.CopyMappings(source, _engine);
        if (_engine.Count != 1 || !_engine[0].Range.Contains(source))
            return PlacementObstacle.NotOneMapping;
        if ((_engine[0].Flags & PlacedByOtherRules) != 0 || IsNotModelled(_engine[0]) || _engine[0].File is { CountsMappings: true } or { Object.Kind: MemoryObjectKind.ZeroDevice })
            return PlacementObstacle.KindOfMapping;
        if (IsConcurrent && !call.IsAtStandstill)
            return PlacementObstacle.NotAtStandstill;
        if (Engine.FindCongruentPlace(source.Start, wanted) is not { } found || !IsSafelyFree(new AddressRange(found, wanted)))
            return PlacementObstacle.NoPlace;
        place = found;
        return null;
    }

    /// <summary>True when the kernel has nothing there, and nothing that faults could extend into it.</summary>
    private bool IsSafelyFree(AddressRange destination)
    {
        _kernel.Clear();
        if (!_reader.ReadMappings(destination, _kernel) || _kernel.Count != 0 || Engine.FindHole(new AddressRange(destination.Start, Everything.End)) is not { } hole)
            return false;
        if (hole.Start != destination.Start || hole.End >= Everything.End)
            return hole.Start == destination.Start;
        _engine.Clear();
        Engine.CopyMappings(new AddressRange(hole.End, PageSize.Length), _engine);
        return !_engine[0].Flags.HasFlag(VmFlags.GrowsDown);
    }

    /// <summary>True when the kernel has nothing behind what is to grow, whatever the engine has.</summary>
    private bool GrowsInPlaceNow(AddressRange source, ByteLength wanted, in CallArguments a)
    {
        if ((a.Fourth & (ulong)RemapFlags.DontUnmap) != 0 || wanted <= source.Length || wanted > Everything.End - source.Start)
            return false;
        _kernel.Clear();
        return _reader.ReadMappings(new AddressRange(source.End, source.Start + wanted), _kernel) && _kernel.Count == 0;
    }
}
