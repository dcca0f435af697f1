using System.Diagnostics;
using PageShift.Calls;
using PageShift.Calls.Execution;

namespace PageShift.Cli.Running;

/// <summary>Says on standard error how far a run is, every two seconds: on a terminal in one line that is overwritten, else in lines.</summary>
internal sealed class RunProgress(long? totalBytes) : IDisposable
{
    private const int RecordsPerLook = 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private long _last = Stopwatch.GetTimestamp();
    private int _sinceLook;
    private bool _isLineOpen;

    public void Dispose()
    {
        if (_isLineOpen)
            Console.Error.WriteLine();
    }

    internal void Step(CallLogReader reader, LogStatistics statistics)
    {
        if (++_sinceLook < RecordsPerLook)
            return;
        _sinceLook = 0;
        if (Stopwatch.GetElapsedTime(_last) < Interval)
            return;
        _last = Stopwatch.GetTimestamp();
        Show(reader.Counts.Bytes, statistics);
    }

    private void Show(long bytes, LogStatistics statistics)
    {
        string part = totalBytes is > 0 and { } total ? $"{100.0 * bytes / total:f0} %" : $"{bytes >> 20} MiB";
        string text = $"pageshift: {part} read, {statistics.Calls} calls, {statistics.Moves} moves";
        if (Console.IsErrorRedirected)
        {
            Console.Error.WriteLine(text);
        }
        else
        {
            Console.Error.Write($"\r{text}");
            _isLineOpen = true;
        }
    }
}
