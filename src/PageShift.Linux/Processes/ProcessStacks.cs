using PageShift.Linux.Interop;

namespace PageShift.Linux.Processes;

/// <summary>The stacks of a traced process's threads, unwound and named by libdw where it is installed. Used by the thread that traces them only.</summary>
internal sealed class ProcessStacks(int process) : IDisposable
{
    private readonly Dictionary<ulong, (string? Function, string? Source, int Line)> _names = [];
    private readonly PerfMap _perfMap = new(process);
    private nint _session;
    private bool _isOpened;
    private bool _isOutOfDate;

    /// <summary>True where stacks can be had.</summary>
    public static bool IsAvailable => Dwfl.IsAvailable;

    /// <summary>True when the process lists the code that it compiles.</summary>
    public bool HasPerfMap => _perfMap.Exists;

    /// <summary>Files may have been mapped.</summary>
    public void Forget() => _isOutOfDate = true;

    /// <summary>The addresses that a stopped thread is at, innermost first; empty where they can't be had.</summary>
    public ulong[] Unwind(int thread)
    {
        Prepare();
        return _session == 0 ? [] : Dwfl.Unwind(_session, thread);
    }

    /// <summary>The function at an address, the source file and the line there, as far as they are known.</summary>
    public (string? Function, string? Source, int Line) NameOf(ulong address)
    {
        if (_names.TryGetValue(address, out (string? Function, string? Source, int Line) known))
            return known;
        (string? Function, string? Source, int Line) found = _session == 0 ? default : Dwfl.NameOf(_session, address);
        if (found.Function is null && _perfMap.NameOf(address) is { } compiled)
            found = (compiled, null, 0);
        return _names[address] = found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dwfl.Close(_session);
        _session = 0;
    }

    private void Prepare()
    {
        if (!_isOpened)
            _session = Dwfl.Open(process);
        else if (_isOutOfDate && _session != 0)
            Dwfl.Refresh(_session, process);
        if (_isOutOfDate)
            _names.Clear();
        _isOpened = true;
        _isOutOfDate = false;
    }
}
