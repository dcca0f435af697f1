using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class GetSegmentCall : SystemCallDescription
{
    internal GetSegmentCall()
        : base(SystemCallNumber.GetSegment, "shmget", CallEffect.None,
            new CallParameter("key", ArgumentForm.Number, FlagNames.SegmentKey),
            new CallParameter("size", ArgumentForm.Length),
            new CallParameter("shmflg", ArgumentForm.Flags, FlagNames.Segment))
    {
    }

    public override bool ReturnsIdentifier => true;

    public override bool IsModelledWith(in CallArguments arguments) => (arguments.Third & (ulong)SegmentFlags.HugeTlb) == 0;

    /// <summary>The segment is known from here on.</summary>
    public override bool LeavesMappings(in CallArguments arguments) => false;

    /// <summary>False of one whose size is not told.</summary>
    public override bool CanBeMadeIn(AddressSpace space, in CallArguments arguments) =>
        IsModelledWith(arguments) && (arguments.Second != 0 || space.Segments.Has((int)arguments.First));

    /// <summary>One that another program has made is made here, too.</summary>
    public override CallArguments Following(AddressSpace space, in CallArguments arguments, CallResult result)
    {
        var key = (int)arguments.First;
        space.Segments.Expect((int)result.Raw, key);
        return space.Segments.Has(key) ? arguments : arguments with { Third = arguments.Third | (ulong)SegmentFlags.Create };
    }

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.GetSegmentLocked((int)a.First, a.Second, (SegmentFlags)(uint)a.Third);
}

internal sealed class AttachSegmentCall : SystemCallDescription
{
    // How long the segment is the arguments do not tell; what it replaces is looked for so far.
    private const ulong LongestReplaced = 4UL << 30;

    internal AttachSegmentCall()
        : base(SystemCallNumber.AttachSegment, "shmat", CallEffect.Adds,
            new CallParameter("shmid", ArgumentForm.Identifier),
            new CallParameter("shmaddr", ArgumentForm.Address),
            new CallParameter("shmflg", ArgumentForm.Flags, FlagNames.Attach))
    {
    }

    public override bool ReturnsAddress => true;

    public override int? Attached(in CallArguments arguments) => (int)arguments.First;

    public override bool CanBeMadeIn(AddressSpace space, in CallArguments arguments) => space.Segments.PagesOf((int)arguments.First) != default;

    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) =>
        ((AttachFlags)arguments.Third).HasFlag(AttachFlags.Replace) ? new CallRanges(CallRanges.Of(arguments.Second, LongestReplaced)) : default;

    public override CallRanges RangesAfter(in CallArguments arguments, CallResult result) => result.IsError ? default : CallRanges.All;

    public override CallArguments PlacedAt(in CallArguments arguments, VirtualAddress address, bool replaces) =>
        arguments.Second != 0 ? arguments : arguments with { Second = address.Value, Third = arguments.Third | (replaces ? (ulong)AttachFlags.Replace : 0) };

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.AttachSegmentLocked((int)a.First, a.Second, (AttachFlags)(uint)a.Third);
}

internal sealed class DetachSegmentCall() : SystemCallDescription(SystemCallNumber.DetachSegment, "shmdt", CallEffect.Removes, new CallParameter("shmaddr", ArgumentForm.Address))
{
    public override bool IsOnShared => true;

    public override bool CanBeMadeIn(AddressSpace space, in CallArguments arguments) => space.HasAttached(new VirtualAddress(arguments.First));

    /// <summary>Where the parts are it has to be looked for.</summary>
    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) => CallRanges.All;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.DetachSegmentLocked(a.First);
}

internal sealed class ControlSegmentCall : SystemCallDescription
{
    internal ControlSegmentCall()
        : base(SystemCallNumber.ControlSegment, "shmctl", CallEffect.None,
            new CallParameter("shmid", ArgumentForm.Identifier),
            new CallParameter("cmd", ArgumentForm.Value, FlagNames.SegmentCommand),
            new CallParameter("buf", ArgumentForm.Vector) { IsOptional = true })
    {
    }

    /// <summary>Others leave the segment as it is, or its mode, or lock its pages.</summary>
    public override bool IsModelledWith(in CallArguments arguments) =>
        (SegmentCommand)(int)arguments.Second == SegmentCommand.Remove || !Enum.IsDefined((SegmentCommand)(int)arguments.Second);

    /// <summary>The segment may be known no longer.</summary>
    public override bool LeavesMappings(in CallArguments arguments) => false;

    public override bool CanBeMadeIn(AddressSpace space, in CallArguments arguments) => IsModelledWith(arguments) && space.Segments.PagesOf((int)arguments.First) != default;

    internal override CallResult Make(AddressSpace space, in CallArguments a) =>
        IsModelledWith(a) ? space.ControlSegmentLocked((int)a.First, (SegmentCommand)(int)a.Second) : Errno.NotImplemented;
}
