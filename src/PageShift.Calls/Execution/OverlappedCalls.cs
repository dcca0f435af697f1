using PageShift.Abi;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>Calls of one address space that ran at the same time: those that have begun and not ended, and those that have ended and wait for them, as they may have been made in either order.</summary>
/// <remarks>
/// <para>A log that splits a call shows when it began and when it ended; it was made some time between. Only calls that touch the same addresses wait: for others the order does not matter.
/// Not thread-safe.</para>
/// </remarks>
internal sealed class OverlappedCalls
{
    private readonly Dictionary<int, OpenCall> _open = [];

    /// <summary>The calls that wait, in the order in which they ended.</summary>
    internal List<WaitingCall> Waiting { get; } = [];

    /// <summary>True when no call is open, and none waits.</summary>
    internal bool IsEmpty => _open.Count == 0 && Waiting.Count == 0;

    /// <summary>What the calls touch that have begun and not ended.</summary>
    internal IEnumerable<CallFootprint> Open => _open.Values.Select(call => call.Footprint);

    /// <summary>A thread has begun a call.</summary>
    /// <remarks>A call that a log shows in more than two parts begins with the first.</remarks>
    internal void Begin(int thread, in SystemCall call, long time) => _open[thread] = new OpenCall(End(thread, time), CallFootprint.OfOpen(call), MayBeAnywhere(call));

    /// <summary>A thread's call has ended, or will not.</summary>
    /// <returns>When it began; <paramref name="time"/> for one that was never open.</returns>
    internal long End(int thread, long time) => _open.Remove(thread, out OpenCall call) ? call.Begin : time;

    /// <summary>True when a call is open of which only the result will say where it has mapped something.</summary>
    internal bool HasUnplaced => _open.Values.Any(open => open.MayBeAnywhere);

    /// <summary>True when a call may have been made before or after another that is open or waits, and it matters which.</summary>
    internal bool HasToWait(in CallFootprint footprint)
    {
        foreach (OpenCall open in _open.Values)
        {
            if (open.Footprint.Touches(footprint))
                return true;
        }

        foreach (WaitingCall waiting in Waiting)
        {
            if (waiting.Footprint.Touches(footprint))
                return true;
        }

        return false;
    }

    /// <summary>Finds groups of calls that touch the same addresses, all of which were over before any that touches them and is still open has begun: those have waited long enough.</summary>
    /// <param name="evenIfOpen">True to wait for open calls no longer.</param>
    /// <returns>The groups, each in the order in which its calls ended.</returns>
    internal List<List<WaitingCall>> FindDecided(bool evenIfOpen)
    {
        var groups = new List<List<WaitingCall>>();
        var seen = new HashSet<WaitingCall>(ReferenceEqualityComparer.Instance);
        foreach (WaitingCall first in Waiting)
        {
            if (!seen.Add(first))
                continue;
            List<WaitingCall> calls = [first];
            for (int i = 0; i < calls.Count; i++)
            {
                foreach (WaitingCall other in Waiting)
                {
                    if (!seen.Contains(other) && other.Footprint.Touches(calls[i].Footprint))
                    {
                        seen.Add(other);
                        calls.Add(other);
                    }
                }
            }

            calls.Sort(static (left, right) => left.End.CompareTo(right.End));
            if (evenIfOpen || IsDecided(calls))
                groups.Add(calls);
        }

        return groups;
    }

    /// <summary>True when all calls of a group were over before any that touches them and is still open has begun.</summary>
    internal bool IsDecided(List<WaitingCall> calls)
    {
        foreach (OpenCall open in _open.Values)
        {
            if (calls[^1].End >= open.Begin && (open.MayBeAnywhere || calls.Exists(call => call.Footprint.Touches(open.Footprint))))
                return false;
        }

        return true;
    }

    /// <summary>True for a call of which only the result says where it has mapped something.</summary>
    private static bool MayBeAnywhere(in SystemCall call) => call.Number switch
    {
        SystemCallNumber.Map => (call.Arguments.Fourth & (ulong)(MapFlags.Fixed | MapFlags.FixedNoReplace)) == 0,
        SystemCallNumber.Remap => ((RemapFlags)call.Arguments.Fourth & (RemapFlags.MayMove | RemapFlags.Fixed)) == RemapFlags.MayMove,
        SystemCallNumber.AttachSegment => call.Arguments.Second == 0,
        _ => false,
    };

    private readonly record struct OpenCall(long Begin, CallFootprint Footprint, bool MayBeAnywhere);
}

/// <summary>A call that has ended and has not been made here yet.</summary>
/// <param name="record">The call in the engine's terms.</param>
/// <param name="logged">The call as the log has it.</param>
/// <param name="begin">When it began, as the number of a record.</param>
/// <param name="end">When it ended.</param>
/// <param name="footprint">What it touches.</param>
/// <param name="file">The file behind its descriptor when it was made; null for none.</param>
internal sealed class WaitingCall(CallRecord record, CallRecord logged, long begin, long end, CallFootprint footprint, OpenFile? file)
{
    internal CallRecord Record => record;

    internal CallRecord Logged => logged;

    internal CallFootprint Footprint => footprint;

    internal OpenFile? File => file;

    internal long Begin => begin;

    /// <summary>How many calls there were in its group when an order was last looked for; 0 for never.</summary>
    internal int SearchedAmong { get; set; }

    internal long End => end;

    /// <summary>True when it was over before another began.</summary>
    internal bool IsBefore(WaitingCall other) => End < other.Begin;
}

/// <summary>The addresses that a call touches, as far as they are known.</summary>
/// <param name="Arguments">Those that its arguments name.</param>
/// <param name="Result">Those that its result names.</param>
/// <param name="IsBreak">True for brk, which touches what every other brk touches.</param>
/// <param name="MayMapOrUnmap">True for a call that may leave something mapped there that was not, or nothing where something was.</param>
internal readonly record struct CallFootprint(CallRanges Arguments, CallRanges Result, bool IsBreak, bool MayMapOrUnmap)
{
    /// <summary>What a call touches of which only the arguments are known.</summary>
    internal static CallFootprint OfOpen(in SystemCall call) => new(Named(call.Description, call.Arguments), default, call.Number == SystemCallNumber.Break, Changes(call.Description));

    /// <summary>What a call has touched.</summary>
    internal static CallFootprint Of(in CallRecord record)
    {
        if (record.Call.Description is not { } description)
            return new CallFootprint(CallRanges.All, default, IsBreak: false, MayMapOrUnmap: false);
        bool isBreak = record.Call.Number == SystemCallNumber.Break;
        CallRanges result = record.Outcome.State == CallOutcomeState.Value && !isBreak ? description.RangesAfter(record.Call.Arguments, new CallResult(record.Outcome.Value)) : default;
        return new CallFootprint(Named(description, record.Call.Arguments), result, isBreak, Changes(description));
    }

    /// <summary>True when two calls touch the same addresses.</summary>
    internal bool Touches(in CallFootprint other) =>
        (IsBreak && other.IsBreak)
        || Arguments.Overlaps(other.Arguments) || Arguments.Overlaps(other.Result)
        || Result.Overlaps(other.Arguments) || Result.Overlaps(other.Result);

    private static bool Changes(SystemCallDescription? description) => description?.Effect is CallEffect.Adds or CallEffect.Removes or CallEffect.Moves;

    private static CallRanges Named(SystemCallDescription? description, in CallArguments a)
    {
        switch (description?.Number)
        {
            case null or SystemCallNumber.Break:
                return default;
            case SystemCallNumber.Remap:
                ulong destination = (a.Fourth & (ulong)RemapFlags.Fixed) != 0 ? PageSize.RoundUpWrapping(a.Third) : 0;
                return new CallRanges(CallRanges.Of(a.First, PageSize.RoundUpWrapping(Math.Max(a.Second, a.Third))), CallRanges.Of(a.Fifth, destination));
            case SystemCallNumber.Map:
                bool isFixed = (a.Fourth & (ulong)(MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0;
                return isFixed ? new CallRanges(CallRanges.Of(a.First, PageSize.RoundUpWrapping(a.Second))) : default;
            default:
                return description.Examined(a);
        }
    }
}
