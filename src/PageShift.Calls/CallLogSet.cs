namespace PageShift.Calls;

/// <summary>Several logs of one recording, one for each thread as strace -ff writes them, read as one.</summary>
/// <remarks>
/// <para>Where every log has the time of each call, the calls are in the order of the times at which they began. Without times a thread's calls follow the clone that made it, and
/// what made it goes on when it has ended: right for processes, a guess for threads of one.</para>
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
        _last?.Advance();
        _last = _isTimed ? Earliest() : Innermost();
        record = default;
        if (_last is null)
            return false;
        record = _last.Record;
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
        private CallRecord _record;
        private long _day;

        internal CallLogReader Reader => reader;

        internal int ThreadId => threadId;

        internal CallRecord Record => _record;

        internal bool IsAtEnd { get; private set; }

        /// <summary>True once its turn has come, where there are no times.</summary>
        internal bool IsOpen { get; set; }

        internal CallTimestampForm Form => _record.Timestamp.Form;

        /// <summary>When the event was, over midnight too; as the one before where the log does not say.</summary>
        internal long Time { get; private set; }

        internal void Advance()
        {
            IsAtEnd = !reader.TryRead(out _record);
            if (IsAtEnd)
                return;
            if (_record.ThreadId == 0)
                _record = _record with { ThreadId = threadId };
            if (Form is not (CallTimestampForm.TimeOfDay or CallTimestampForm.Epoch))
                return;
            long time = _record.Timestamp.Nanoseconds + _day;
            if (Form == CallTimestampForm.TimeOfDay && time < Time - (NanosecondsOfDay / 2))
            {
                _day += NanosecondsOfDay;
                time += NanosecondsOfDay;
            }

            Time = Math.Max(Time, time);
        }
    }
}
