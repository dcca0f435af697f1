using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using PageShift.Calls;

namespace PageShift.Cli.Running;

/// <summary>Reads the records of a long log on a thread of its own, while those before them are executed.</summary>
/// <remarks>
/// It is ahead by a bounded number of records. An error is thrown where it would have been without the thread: behind the records that came before it. <see cref="TryTake"/> is for one thread.
/// </remarks>
internal sealed class RecordsAhead : IDisposable
{
    private const int BatchRecords = 256; // an array of them is no large object
    private const int MostBatches = 8;

    private readonly Func<(CallRecord Record, string File)?> _read;
    private readonly BlockingCollection<Batch> _batches = new(MostBatches);
    private readonly ConcurrentQueue<Batch> _spared = new();
    private readonly CancellationTokenSource _stop = new();
    private Batch? _current;
    private int _next;

    /// <summary>Begins to read.</summary>
    /// <param name="read">Reads the next record, with the file that it is from; null at the end. Called on the other thread only.</param>
    internal RecordsAhead(Func<(CallRecord Record, string File)?> read)
    {
        _read = read;
        // In the background: it may be waiting for a pipe that nobody writes to.
        new Thread(Read) { IsBackground = true, Name = "records ahead" }.Start();
    }

    /// <summary>Lets the thread end, at the next record. Does not wait for it.</summary>
    public void Dispose() => _stop.Cancel();

    /// <summary>Takes the next record; false at the end.</summary>
    internal bool TryTake(out CallRecord record, out string file)
    {
        while (_current is null || _next == _current.Count)
        {
            if (_current is { IsLast: true })
            {
                if (_current.Error is { } error)
                    ExceptionDispatchInfo.Throw(error);
                (record, file) = (default, "");
                return false;
            }

            if (_current is not null)
                _spared.Enqueue(_current);
            _current = _batches.Take();
            _next = 0;
        }

        (record, file) = _current.Records[_next++];
        return true;
    }

    private void Read()
    {
        try
        {
            for (bool isLast = false; !isLast;)
            {
                Batch batch = _spared.TryDequeue(out Batch? spared) ? spared : new Batch();
                isLast = Fill(batch);
                _batches.Add(batch, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // nobody wants more
        }
    }

    /// <summary>Reads a batch; true for the last.</summary>
    private bool Fill(Batch batch)
    {
        batch.Count = 0;
        try
        {
            while (batch.Count < BatchRecords)
            {
                _stop.Token.ThrowIfCancellationRequested();
                if (_read() is not { } read)
                {
                    batch.IsLast = true;
                    break;
                }

                batch.Records[batch.Count++] = read;
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            batch.Error = error; // its time comes
            batch.IsLast = true;
        }

        return batch.IsLast;
    }

    private sealed class Batch
    {
        internal (CallRecord Record, string File)[] Records { get; } = new (CallRecord, string)[BatchRecords];

        internal int Count { get; set; }

        internal bool IsLast { get; set; }

        /// <summary>What came behind its records.</summary>
        internal Exception? Error { get; set; }
    }
}
