using System.Globalization;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <summary>Shows on standard error, every 2 seconds, how far a run of the fuzzer is: on a terminal in one line that is gone at the end, elsewhere in a line each.</summary>
internal sealed class FuzzProgress : IDisposable
{
    private const string EraseLine = "\r\e[K";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Fuzzer _fuzzer;
    private readonly FuzzOptions _options;
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private readonly Timer _timer;

    // Guarded by _lock.
    private bool _isOver;

    internal FuzzProgress(Fuzzer fuzzer, FuzzOptions options)
    {
        _fuzzer = fuzzer;
        _options = options;
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
            string of = _options.MostCalls is { } most ? string.Create(CultureInfo.InvariantCulture, $" of {most:n0}") : "";
            string state = _fuzzer.IsShrinking ? "; found a divergence, making it small" : "";
            string text = string.Create(CultureInfo.InvariantCulture, $"pageshift: {_fuzzer.Calls:n0}{of} calls, {_fuzzer.Sequences:n0} sequences{state}");
            if (_isTerminal)
                Console.Error.Write($"{EraseLine}{text}");
            else
                Console.Error.WriteLine(text);
        }
    }
}
