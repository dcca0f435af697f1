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
    private const int BatchRecords = 128; // all batches together stay in a processor's cache, and an array is no large object
    private const int MostBatches = 8;

    private readonly RecordReader _read;
    private readonly BlockingCollection<Batch> _batches = new(MostBatches);
    private readonly ConcurrentQueue<Batch> _spared = new();
    private readonly CancellationTokenSource _stop = new();
    private Batch? _current;
    private int _next;

    /// <summary>Begins to read.</summary>
    /// <param name="read">Called on the other thread only.</param>
    internal RecordsAhead(RecordReader read)
    {
        _read = read;
        // In the background: it may be waiting for a pipe that nobody writes to.
        new Thread(Read) { IsBackground = true, Name = "records ahead" }.Start();
    }

    /// <summary>Reads the next record, with the file that it is from; false at the end.</summary>
    internal delegate bool RecordReader(out CallRecord record, out string file);

    /// <summary>The record that was taken last, until the next is taken: records are large, and this one is not copied.</summary>
    internal ref readonly CallRecord Current => ref _current!.Records[_next - 1];

    /// <summary>The file that the record is from that was taken last.</summary>
    internal string File => _current!.Files[_next - 1];

    /// <summary>Lets the thread end, at the next record. Does not wait for it.</summary>
    public void Dispose() => _stop.Cancel();

    /// <summary>Takes the next record; false at the end.</summary>
    internal bool TryTake()
    {
        while (_current is null || _next == _current.Count)
        {
            if (_current is { IsLast: true })
            {
                if (_current.Error is { } error)
                    ExceptionDispatchInfo.Throw(error);
                return false;
            }

            if (_current is not null)
                _spared.Enqueue(_current);
            _current = _batches.Take();
            _next = 0;
        }

        _next++;
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
                if (!_read(out batch.Records[batch.Count], out batch.Files[batch.Count]))
                {
                    batch.IsLast = true;
                    break;
                }

                batch.Count++;
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
        internal CallRecord[] Records { get; } = new CallRecord[BatchRecords];

        internal string[] Files { get; } = new string[BatchRecords];

        internal int Count { get; set; }

        internal bool IsLast { get; set; }

        /// <summary>What came behind its records.</summary>
        internal Exception? Error { get; set; }
    }
}
