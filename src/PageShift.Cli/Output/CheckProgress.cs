using System.Globalization;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Output;

/// <summary>Shows on standard error, every 2 seconds, how far a check is: on a terminal in one line that is gone at the end, elsewhere in a line each.</summary>
internal sealed class CheckProgress : IDisposable
{
    private const string EraseLine = "\r\e[K";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Checker _checker;
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private readonly Timer _timer;

    // Guarded by _lock.
    private bool _isOver;

    internal CheckProgress(Checker checker)
    {
        _checker = checker;
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
            string text = string.Create(CultureInfo.InvariantCulture, $"pageshift: {_checker.Done:n0} of {_checker.Total:n0} populations, {_checker.Cases:n0} cases");
            if (_isTerminal)
                Console.Error.Write($"{EraseLine}{text}");
            else
                Console.Error.WriteLine(text);
        }
    }
}
