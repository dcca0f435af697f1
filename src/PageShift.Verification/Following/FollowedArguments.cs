using PageShift.Abi;
using PageShift.Linux.Tracing;

namespace PageShift.Verification;

/// <summary>The arguments of a traced call, and what follows from them.</summary>
internal readonly struct FollowedArguments
{
    private const ulong LongestUserAddress = 0x7fff_ffff_f000;

    internal FollowedArguments(in CallEntry call)
    {
        Number = call.Number;
        First = call.Arguments.First;
        Second = call.Arguments.Second;
        Third = call.Arguments.Third;
        Fourth = call.Arguments.Fourth;
        Fifth = call.Arguments.Fifth;
        Sixth = call.Arguments.Sixth;
    }

    internal SystemCallNumber Number { get; }

    internal ulong First { get; }

    internal ulong Second { get; }

    internal ulong Third { get; }

    internal ulong Fourth { get; }

    internal ulong Fifth { get; }

    internal ulong Sixth { get; }

    /// <summary>True when the engine knows no such call, or not with these arguments.</summary>
    internal bool IsUnmodelled => Number switch
    {
        SystemCallNumber.Map => (Fourth & (ulong)MapFlags.HugeTlb) != 0,
        SystemCallNumber.ProtectWithKey => (int)Fourth != -1,
        _ => !Enum.IsDefined(Number),
    };

    /// <summary>True for modelled calls that change pages at most, and whose result depends on them.</summary>
    internal bool LeavesMappings => Number == SystemCallNumber.InCore
        || (Number == SystemCallNumber.Advise && (Advice)Third is Advice.Cold or Advice.PageOut or Advice.PopulateRead or Advice.PopulateWrite or Advice.Collapse
            or Advice.HardwarePoison or Advice.SoftOffline);

    /// <summary>True when the engine may bring pages in while it does the same.</summary>
    internal bool MayPopulate => Number is SystemCallNumber.Lock or SystemCallNumber.Lock2 or SystemCallNumber.LockAll or SystemCallNumber.Remap or SystemCallNumber.Break
        || (Number == SystemCallNumber.Map && (Fourth & (ulong)MapFlags.Locked) != 0)
        || (Number == SystemCallNumber.Advise && (Advice)Third == Advice.GuardInstall);

    /// <summary>The ranges that the call names, before it is made.</summary>
    internal FollowedRanges RangesBefore(AddressSpace engine) => Number switch
    {
        SystemCallNumber.Map => (Fourth & (ulong)(MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0 ? new(RangeOf(First, Second)) : default,
        SystemCallNumber.Remap => new(
            RangeOf(First, Math.Max(Math.Max(Second, Third), 1)),
            (Fourth & (ulong)RemapFlags.Fixed) != 0 ? RangeOf(Fifth, Third) : default),
        SystemCallNumber.Break => First == 0 ? default : new(RangeOf(engine.BreakStart.Value, First > engine.BreakStart.Value ? First - engine.BreakStart.Value + 1 : 1)),
        SystemCallNumber.LockAll or SystemCallNumber.UnlockAll => new(RangeOf(0, LongestUserAddress)),
        SystemCallNumber.InCore or SystemCallNumber.Sync => default,
        _ => new(RangeOf(First, Second)),
    };

    /// <summary>The ranges that the kernel chose.</summary>
    internal FollowedRanges RangesAfter(CallResult result)
    {
        if (result.IsError)
            return default;
        return Number switch
        {
            SystemCallNumber.Map => new(RangeOf((ulong)result.Raw, Second)),
            SystemCallNumber.Remap => new(RangeOf((ulong)result.Raw, Third)),
            _ => default,
        };
    }

    private static AddressRange RangeOf(ulong start, ulong length)
    {
        start = Math.Min(start, LongestUserAddress);
        ulong end = length > LongestUserAddress - start ? LongestUserAddress : start + length;
        return new AddressRange(new VirtualAddress(start), new VirtualAddress(end));
    }
}

/// <summary>Up to two ranges; empty ones are left out.</summary>
internal readonly struct FollowedRanges(AddressRange first, AddressRange second = default)
{
    /// <summary>True when one of them has all of <paramref name="range"/>.</summary>
    internal bool Contains(AddressRange range) => first.Contains(range) || second.Contains(range);

    /// <summary>Goes over the ranges.</summary>
    public Enumerator GetEnumerator() => new(first, second);

    /// <summary>Goes over the ranges.</summary>
    internal struct Enumerator(AddressRange first, AddressRange second)
    {
        private int _next;

        /// <summary>The range.</summary>
        public AddressRange Current { get; private set; }

        /// <summary>Goes to the next.</summary>
        public bool MoveNext()
        {
            while (_next < 2)
            {
                Current = _next++ == 0 ? first : second;
                if (!Current.IsEmpty)
                    return true;
            }

            return false;
        }
    }
}
