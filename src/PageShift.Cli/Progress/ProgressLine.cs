namespace PageShift.Cli.Progress;

/// <summary>Shows every 2 seconds how far some work is: on a terminal in one line that is gone at the end, elsewhere in a line each. What has not changed is not shown again.</summary>
internal sealed class ProgressLine : IDisposable
{
    /// <summary>The environment variable that silences it with the value <c>never</c>: for scripts that read standard error.</summary>
    internal const string Variable = "PAGESHIFT_PROGRESS";

    private const string EraseLine = "\r\e[K";

    private readonly Lock _lock = new();
    private readonly Func<string?> _tell;
    private readonly TextWriter _output;
    private readonly bool _isTerminal;
    private readonly ITimer _timer;

    // Guarded by _lock.
    private string? _shown;
    private bool _isOver;

    /// <summary>Begins.</summary>
    /// <param name="tell">How far the work is, in a few words; null while there is nothing to tell. Called on another thread.</param>
    /// <param name="output">Where it is shown.</param>
    /// <param name="isTerminal">True where a line can be erased.</param>
    /// <param name="clock">Says when 2 seconds have passed.</param>
    internal ProgressLine(Func<string?> tell, TextWriter output, bool isTerminal, TimeProvider clock)
    {
        _tell = tell;
        _output = output;
        _isTerminal = isTerminal;
        _timer = clock.CreateTimer(_ => Show(), null, Interval, Interval);
    }

    /// <summary>How often it speaks.</summary>
    internal static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Begins on standard error, by the system's clock; null where the environment wants silence.</summary>
    internal static ProgressLine? Begin(Func<string?> tell) => Environment.GetEnvironmentVariable(Variable) == "never"
        ? null
        : new ProgressLine(tell, Console.Error, !Console.IsErrorRedirected, TimeProvider.System);

    /// <summary>Ends it; nothing is written afterwards.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isOver = true;
            if (_isTerminal && _shown is not null)
                _output.Write(EraseLine);
        }
    }

    private void Show()
    {
        lock (_lock)
        {
            try
            {
                if (_isOver || _tell() is not { } text || text == _shown)
                    return;
                _shown = text;
                if (_isTerminal)
                    _output.Write($"{EraseLine}pageshift: {text}");
                else
                    _output.WriteLine($"pageshift: {text}");
            }
            catch (Exception error) when (error is OutOfMemoryException or IOException)
            {
                // Nobody can be told. The work itself says at its end how it went.
                _isOver = true;
            }
        }
    }
}
