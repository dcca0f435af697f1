using System.Globalization;
using System.Runtime.ExceptionServices;
using PageShift.Calls;
using PageShift.Calls.Machines;
using PageShift.Cli.Files;

namespace PageShift.Cli.Running;

/// <summary>The log that is run: one file, or the files of one recording, one for each thread.</summary>
internal sealed class LogInput : IDisposable
{
    private readonly List<Stream> _streams = [];
    private readonly List<(string File, CallLogReader Reader)> _readers = [];
    private readonly CallLogSet? _set;

    // What has been read to find the machine, and the error that came behind it.
    private readonly Queue<(CallRecord Record, string File)> _ahead = new();
    private Exception? _error;
    private RecordsAhead? _thread;

    private CallRecord _record; // the last one, where it is not the thread's
    private bool _isFromThread;

    /// <summary>A log from a stream, which stays the caller's to close.</summary>
    internal LogInput(Stream stream, string name, LogSettings settings) => AddReader(stream, name, settings);

    private LogInput(IReadOnlyList<string> files, LogSettings settings)
    {
        try
        {
            foreach (string file in files)
            {
                Stream stream = InputFile.Open(file, "a log");
                _streams.Add(stream);
                AddReader(stream, file, settings);
            }

            if (files.Count > 1)
                _set = new CallLogSet([.. _readers.Select(log => (log.Reader, ThreadOf(log.File)))]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens files.</summary>
    /// <exception cref="UsageException">One can't be opened, or of several one does not say whose calls it has.</exception>
    /// <exception cref="CallSyntaxException">Of several the first line of one can't be read.</exception>
    internal static LogInput Open(IReadOnlyList<string> files, LogSettings settings)
    {
        if (files.Count > 1 && files.GroupBy(ThreadOf).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new UsageException($"{twice.Last()}: found thread {twice.Key}, which {twice.First()} has, expected the files of one recording");
        return new LogInput(files, settings);
    }

    /// <summary>The record that was read last, until the next is read.</summary>
    internal ref readonly CallRecord Current => ref _isFromThread ? ref _thread!.Current : ref _record;

    /// <summary>The file that it is from.</summary>
    internal string File { get; private set; } = "";

    internal CallLogCounts Counts => _readers.Aggregate(default(CallLogCounts), (sum, log) => sum + log.Reader.Counts);

    /// <summary>The warnings of all files.</summary>
    internal IReadOnlyList<CallSyntaxError> Warnings => [.. _readers.SelectMany(log => log.Reader.Warnings)];

    /// <summary>Where the lines are that are no calls; of several files it is not said.</summary>
    internal IReadOnlyList<LineRange> Noise => _set is null ? _readers[0].Reader.Noise : [];

    /// <summary>How much of the files has been read; null where one has no length. Good on another thread, too.</summary>
    internal double? Part
    {
        get
        {
            long length = 0;
            long position = 0;
            foreach (Stream stream in _streams)
            {
                if (!stream.CanSeek || stream.Length == 0)
                    return null;
                length += stream.Length;
                position += stream.Position;
            }

            return length == 0 ? null : (double)position / length;
        }
    }

    public void Dispose()
    {
        _thread?.Dispose();
        foreach (Stream stream in _streams)
            stream.Dispose();
    }

    /// <summary>Reads the first records, and finds out which machine the log is from. <see cref="TryRead"/> reads them again.</summary>
    /// <exception cref="UsageException">The machine is not supported.</exception>
    internal Machine FindMachine(LogSettings settings)
    {
        if (settings.MachineRequest is not { } request)
            return settings.Machine;
        var evidence = new MachineEvidence();
        try
        {
            while (_ahead.Count < MachineEvidence.MostRecords && TryReadNext(out CallRecord record, out string file))
            {
                evidence.Add(record);
                _ahead.Enqueue((record, file));
            }
        }
        catch (Exception error) when (error is CallSyntaxException or IOException)
        {
            _error = error; // its time comes
        }

        try
        {
            return evidence.Choose(request, _readers.Max(log => log.Reader.StatedPageSize));
        }
        catch (UnsupportedMachineException error)
        {
            throw new UsageException(error.Line == 0 ? error.Message : $"{_readers[0].File}:{error.Line}: {error.Message}");
        }
    }

    /// <summary>Goes on reading a long log on a thread of its own. For a log that is read to its end: the counts are those of what has been read.</summary>
    internal void ReadAhead()
    {
        if (_ahead.Count == MachineEvidence.MostRecords)
            _thread = new RecordsAhead(TryReadNext);
    }

    /// <summary>Reads the next record; false at the end.</summary>
    internal bool TryRead()
    {
        if (_ahead.TryDequeue(out (CallRecord Record, string File) read))
        {
            (_record, File) = read;
            return true;
        }

        if (Interlocked.Exchange(ref _error, null) is { } error)
            ExceptionDispatchInfo.Throw(error);
        if (_thread is null)
        {
            bool isRead = TryReadNext(out _record, out string file);
            File = file;
            return isRead;
        }

        if (!_thread.TryTake())
            return false;
        _isFromThread = true;
        File = _thread.File;
        return true;
    }

    /// <summary>Refuses logs that have ended, and in which nothing was understood.</summary>
    internal void ThrowIfNothingUnderstood()
    {
        if (Counts.Records == 0)
            _readers[0].Reader.ThrowIfNothingUnderstood();
    }

    private bool TryReadNext(out CallRecord record, out string file)
    {
        bool isRead = _set is null ? _readers[0].Reader.TryRead(out record) : _set.TryRead(out record);
        file = _set is null ? _readers[0].File : _readers.Find(log => log.Reader == _set.Current).File;
        return isRead;
    }

    private void AddReader(Stream stream, string name, LogSettings settings) =>
        _readers.Add((name, new CallLogReader(stream, new CallLogOptions { FileName = name, Lenient = settings.Lenient, Strict = settings.Strict })));

    /// <summary>The thread that a file's name ends with, as strace -ff names them: log.5316, or log.5316.gz.</summary>
    private static int ThreadOf(string file)
    {
        foreach (string part in Path.GetFileName(file).Split('.').Reverse())
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int thread) && thread > 0)
                return thread;
        }

        throw new UsageException($"{file}: found no thread in its name, expected of several files those of strace -ff, such as log.5316");
    }
}
