using PageShift.Linux.Interop;

namespace PageShift.Linux.Processes;

/// <summary>The stacks of a traced process's threads, unwound and named by libdw where it is installed. Used by the thread that traces them only.</summary>
internal sealed class ProcessStacks(int process) : IDisposable
{
    private readonly Dictionary<ulong, string?> _functions = [];
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

    /// <summary>The function at an address, as far as it is known.</summary>
    public string? FunctionAt(ulong address)
    {
        if (!_functions.TryGetValue(address, out string? function))
            _functions[address] = function = (_session == 0 ? null : Dwfl.FunctionAt(_session, address)) ?? _perfMap.NameOf(address);
        return function;
    }

    /// <summary>The source file and the line of an address in a file that is mapped, or was until the process ended; null and 0 where they are not known. This can take long: a compressed
    /// debug file is decompressed as a whole.</summary>
    public (string? File, int Line) SourceAt(ulong address) => _session == 0 ? default : Dwfl.SourceAt(_session, address);

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
            _functions.Clear();
        _isOpened = true;
        _isOutOfDate = false;
    }
}
