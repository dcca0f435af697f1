using System.Runtime.ExceptionServices;

namespace PageShift.Calls;

/// <summary>Several logs of one recording, one for each thread as strace -ff writes them, read as one.</summary>
/// <remarks>
/// <para>Where every log has the time of each call, the calls are in the order of these times. Memory calls of several threads overlap, as in the log of strace -f: each ends after the time that it took,
/// or, where the log does not say that, with the next call of its thread, and after a tenth of a second at most. Without times a thread's calls follow the clone that made it, and what made it goes on
/// when it has ended: right for processes, a guess for threads of one.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed class CallLogSet
{
    private const long NanosecondsOfDay = 86_400_000_000_000;

    private readonly Member[] _members;
    private readonly Stack<Member> _open = new();
    private readonly bool _isTimed;
    private Member? _last;

    /// <summary>Prepares to read <paramref name="logs"/>.</summary>
    /// <param name="logs">The logs, each with the thread whose lines it has; lines that name a thread are that one's.</param>
    /// <exception cref="CallSyntaxException">The first line of one can't be read.</exception>
    public CallLogSet(params IReadOnlyList<(CallLogReader Reader, int ThreadId)> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        _members = [.. logs.OrderBy(log => log.ThreadId).Select(log => new Member(log.Reader, log.ThreadId))];
        foreach (Member member in _members)
            member.Advance();
        CallTimestampForm form = _members.Length == 0 ? CallTimestampForm.None : _members[0].Form;
        _isTimed = form is CallTimestampForm.TimeOfDay or CallTimestampForm.Epoch && Array.TrueForAll(_members, member => member.IsAtEnd || member.Form == form);
    }

    /// <summary>The log that the last event is from; null before the first.</summary>
    public CallLogReader? Current => _last?.Reader;

    /// <summary>Reads the next event.</summary>
    /// <returns>False at the end of all logs.</returns>
    /// <exception cref="CallSyntaxException">A line can't be read.</exception>
    /// <exception cref="IOException">A stream can't be read.</exception>
    public bool TryRead(out CallRecord record)
    {
        // What was delivered last is left behind only now: so that what stands behind it is read when it is asked for.
        _last?.Leave();
        _last = _isTimed ? Earliest() : Innermost();
        record = default;
        if (_last is null)
            return false;
        record = _isTimed && Overlaps(_last) ? _last.Begin() : _last.Record;
        if (!_isTimed && record is { Kind: CallRecordKind.Call, Call.Number: Abi.SystemCallNumber.Clone, Outcome.State: CallOutcomeState.Value } && MemberOf(record.Outcome.Value) is { } child)
            Open(child);
        return true;
    }

    private Member? Earliest()
    {
        Member? first = null;
        foreach (Member member in _members)
        {
            if (!member.IsAtEnd && (first is null || member.Time < first.Time))
                first = member;
        }

        return first;
    }

    /// <summary>True for a memory call that begins now, and during which other threads make calls.</summary>
    private bool Overlaps(Member member) =>
        member.MayOverlap && Array.Exists(_members, other => other != member && !other.IsAtEnd && other.Time <= member.End);

    private Member? Innermost()
    {
        while (_open.TryPeek(out Member? member))
        {
            if (!member.IsAtEnd)
                return member;
            _open.Pop();
        }

        if (Array.Find(_members, member => !member.IsOpen && !member.IsAtEnd) is not { } next)
            return null;
        Open(next);
        return next;
    }

    private void Open(Member member)
    {
        member.IsOpen = true;
        _open.Push(member);
    }

    private Member? MemberOf(long thread) => Array.Find(_members, member => member.ThreadId == thread && !member.IsOpen);

    /// <summary>One of the logs, with its next event.</summary>
    private sealed class Member(CallLogReader reader, int threadId)
    {
        /// <summary>The longest that a call is taken to last whose duration the log does not say: 100 ms. On a busy machine calls that overlap take more than 10.</summary>
        private const long LongestGuess = 100_000_000;

        private CallRecord _record;
        private long _began;
        private long _day;
        private bool _hasBegun;
        private bool _hasEnded;

        // The event behind, where it had to be read to know when this one ends; and the error that was found instead.
        private (CallRecord Record, bool IsThere)? _ahead;
        private ExceptionDispatchInfo? _error;

        internal CallLogReader Reader => reader;

        internal int ThreadId => threadId;

        internal CallRecord Record => _record;

        internal bool IsAtEnd { get; private set; }

        /// <summary>True once its turn has come, where there are no times.</summary>
        internal bool IsOpen { get; set; }

        internal CallTimestampForm Form => _record.Timestamp.Form;

        /// <summary>When the event was, over midnight too; as the one before where the log does not say. Of a call that has been told to have begun, when it ended.</summary>
        internal long Time { get; private set; }

        /// <summary>True for a memory call that has not been told to have begun.</summary>
        internal bool MayOverlap => !_hasBegun && _record.Kind == CallRecordKind.Call && _record.Call.Description is { IsModelled: true };

        /// <summary>When the call ended, at the latest.</summary>
        internal long End
        {
            get
            {
                if (_record.DurationNanoseconds is { } duration)
                    return _began + duration;
                ReadAhead();
                long next = _ahead is { IsThere: true, Record.Timestamp: var timestamp } && timestamp.Form == Form ? TimeOf(timestamp) : long.MaxValue;
                return Math.Max(_began, Math.Min(next - 1, _began + LongestGuess));
            }
        }

        /// <summary>Tells that the call has begun. The call itself comes when it ends.</summary>
        internal CallRecord Begin()
        {
            Time = End;
            _hasBegun = true;
            return _record with { Kind = CallRecordKind.CallStarted, Outcome = CallOutcome.None };
        }

        /// <summary>Leaves what was told behind.</summary>
        internal void Leave()
        {
            if (_hasBegun && !_hasEnded)
                _hasEnded = true;
            else
                Advance();
        }

        /// <summary>Goes on to the next event.</summary>
        internal void Advance()
        {
            ReadAhead();
            if (_error is { } error)
            {
                _error = null;
                error.Throw();
            }

            (_record, bool isThere) = _ahead!.Value;
            (_ahead, _hasBegun, _hasEnded, IsAtEnd) = (null, false, false, !isThere);
            if (IsAtEnd)
                return;
            if (_record.ThreadId == 0)
                _record = _record with { ThreadId = threadId };
            if (Form is not (CallTimestampForm.TimeOfDay or CallTimestampForm.Epoch))
                return;
            long time = TimeOf(_record.Timestamp);
            if (time - _record.Timestamp.Nanoseconds > _day)
                _day += NanosecondsOfDay;
            _began = Math.Max(_began, time);
            Time = _began;
        }

        /// <summary>The time of an event that comes after all that were, over midnight too.</summary>
        private long TimeOf(in CallTimestamp timestamp)
        {
            long time = timestamp.Nanoseconds + _day;
            return timestamp.Form == CallTimestampForm.TimeOfDay && time < _began - (NanosecondsOfDay / 2) ? time + NanosecondsOfDay : time;
        }

        private void ReadAhead()
        {
            if (_ahead is not null || _error is not null)
                return;
            try
            {
                bool isThere = reader.TryRead(out CallRecord record);
                _ahead = (record, isThere);
            }
            catch (Exception error) when (error is CallSyntaxException or IOException)
            {
                _error = ExceptionDispatchInfo.Capture(error);
            }
        }
    }
}
