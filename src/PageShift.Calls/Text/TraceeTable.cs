namespace PageShift.Calls.Text;

/// <summary>Finds out whose a line is. With <c>strace -o</c> each line names its thread. On a terminal lines name it only while
/// there is more than one, so that the first process has lines without a name, then lines with its id.</summary>
internal sealed class TraceeTable
{
    /// <summary>The process that a log began with, where it began without naming it.</summary>
    public const int Initial = 0;

    private const int MostExpected = 4096;

    private readonly HashSet<int> _others = [];

    /// <summary>What clones returned: with <c>strace -q</c> nothing else announces a thread. Forgotten when they get too many,
    /// which happens only where they are not followed.</summary>
    private readonly HashSet<int> _expected = [];

    private bool _isInitialAlive = true;
    private int _initialId;
    private bool _hasBegun;
    private bool _isPlain;

    /// <summary>The thread of a line.</summary>
    /// <param name="prefix">The line's prefix.</param>
    /// <param name="isInitialBusy">The line begins a call, and the initial process is in a call: it can't be the initial one's.</param>
    public int Resolve(in LinePrefix prefix, bool isInitialBusy)
    {
        bool isFirst = !_hasBegun;
        _hasBegun = true;
        switch (prefix.Style)
        {
            case PrefixStyle.Plain:
                _isPlain = true;
                return prefix.ThreadId;
            case PrefixStyle.Bracketed:
                _isInitialAlive &= !isFirst;
                return ResolveBracketed(prefix.ThreadId, isInitialBusy);
            default:
                return !_isPlain && !_isInitialAlive && _others.Count == 1 ? OnlyOther() : Initial;
        }
    }

    /// <summary>The thread that a message names.</summary>
    public int ResolveNumber(int id) => id == _initialId ? Initial : id;

    /// <summary>The thread whose mode a message tells: the process that lines do not name, unless they have named this one.</summary>
    public int ResolveMode(int id) => id == _initialId || (!_isPlain && !_others.Contains(id)) ? Initial : id;

    /// <summary>strace says that it attached to a thread.</summary>
    public void Attach(int id)
    {
        // strace -p announces the processes before their first lines; a program that strace starts is never announced.
        _isInitialAlive &= _hasBegun;
        _others.Add(id);
    }

    /// <summary>A clone returned a thread.</summary>
    public void Expect(long id)
    {
        if (_isPlain || id is <= 0 or > int.MaxValue)
            return;
        if (_expected.Count == MostExpected)
            _expected.Clear();
        _expected.Add((int)id);
    }

    /// <summary>A thread ended, or was left alone.</summary>
    public void Remove(int threadId)
    {
        if (threadId == Initial)
            _isInitialAlive = false;
        else
            _others.Remove(threadId);
    }

    private int OnlyOther()
    {
        foreach (int id in _others) // Single() would allocate, for each line
            return id;
        return Initial;
    }

    private int ResolveBracketed(int id, bool isInitialBusy)
    {
        if (_isInitialAlive && id == _initialId)
            return Initial;
        if (!_others.Contains(id))
        {
            if (!_expected.Remove(id) && _isInitialAlive && _initialId == 0 && !isInitialBusy)
            {
                _initialId = id;
                return Initial;
            }

            _others.Add(id);
        }

        return id;
    }
}
