namespace PageShift.Cli.Output;

/// <summary>Shows on standard error, every 2 seconds, how far some work is: on a terminal in one line that is gone at the end, elsewhere in a line each.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const string EraseLine = "\r\e[K";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Func<string> _tell;
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private readonly Timer _timer;

    // Guarded by _lock.
    private bool _isOver;

    /// <summary>Begins.</summary>
    /// <param name="tell">How far the work is, in a few words. Called on another thread.</param>
    internal ProgressLine(Func<string> tell)
    {
        _tell = tell;
        _timer = new Timer(_ => Show(), null, Interval, Interval);
    }

    /// <summary>Ends it; nothing is written afterwards.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isOver = true;
            if (_isTerminal)
                Console.Error.Write(EraseLine);
        }
    }

    private void Show()
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            if (_isTerminal)
                Console.Error.Write($"{EraseLine}pageshift: {_tell()}");
            else
                Console.Error.WriteLine($"pageshift: {_tell()}");
        }
    }
}
