
namespace PageShift.Memory.Samples;

/// <summary>A heap that pushes what is alive together when it is full of holes: its pauses beside those of the same heap that copies.</summary>
internal static class CompactingHeap
{
    private const int Collections = 6;
    private const int SmallMegabytes = 16;

    internal static bool Run(TextWriter output, int megabytes)
    {
        output.WriteLine($"a heap of {megabytes} MiB, compacted when it is full; one object of four has died");
        long unit = Math.Max(MemoryCapabilities.PageSize, 512 << 10);
        bool isSame = Compare(TextWriter.Null, SmallMegabytes, unit); // what the runtime compiles, and the first scratch, belong to no pause
        isSame &= Compare(output, megabytes, unit);
        if ((long)megabytes << 20 >= 32 * MemoryCapabilities.PageTableSpan)
            isSame &= Compare(output, megabytes, MemoryCapabilities.PageTableSpan);
        return isSame;
    }

    private static bool Compare(TextWriter output, int megabytes, long unit)
    {
        long length = (long)megabytes << 20;
        using var moving = new Heap(length, MoveStrategy.Cheapest, unit);
        using var copying = new Heap(length, MoveStrategy.Copy, unit);
        output.WriteLine($"objects of 1 to 8 times {unit >> 10} KiB{(unit % MemoryCapabilities.PageTableSpan == 0 ? ", which move as whole page tables" : ", of which each page's entry moves")}:");
        TimeSpan ours = default;
        TimeSpan other = default;
        for (int collection = 0; collection < Collections; collection++)
        {
            moving.FillAndFree(collection);
            copying.FillAndFree(collection);
            (TimeSpan moved, TimeSpan copied) = Pauses(moving, copying, isOtherFirst: collection % 2 != 0);
            output.WriteLine($"  pause {collection + 1}: {moving.Live >> 20} MiB alive in {moving.Count} objects: {Clock.Text(moved)}, {moving.Pieces} mappings; by copying {Clock.Text(copied)}");
            ours += moved;
            other += copied;
        }

        bool isSame = moving.AllAreWhole() && copying.AllAreWhole();
        output.WriteLine($"  {Clock.Saved(ours, other)} in all; {(isSame ? "every object is whole" : "objects are BROKEN")}");
        return isSame;
    }

    /// <summary>One pause of each, by turns the first.</summary>
    private static (TimeSpan Moving, TimeSpan Copying) Pauses(Heap moving, Heap copying, bool isOtherFirst)
    {
        TimeSpan copied = isOtherFirst ? Clock.Time(copying.Compact) : default;
        TimeSpan moved = Clock.Time(moving.Compact);
        return (moved, isOtherFirst ? copied : Clock.Time(copying.Compact));
    }

    /// <summary>Runs of pages, each with its number at its start and at its end.</summary>
    private sealed class Heap(long length, MoveStrategy strategy, long unit) : IDisposable
    {
        private readonly PageBuffer _buffer = new(length, new PageBufferOptions { Strategy = strategy });
        private List<(PageRange Range, int Number)> _objects = [];
        private long _top;
        private int _numbers;

        internal int Count => _objects.Count;

        internal int Pieces => _buffer.PieceCount;

        internal long Live => _objects.Sum(o => o.Range.Length);

        public void Dispose() => _buffer.Dispose();

        /// <summary>Allocates until nothing fits, and frees one of four.</summary>
        internal void FillAndFree(int seed)
        {
            var random = new Random(seed);
            for (long size = Size(random); _top + size <= _buffer.Length; size = Size(random))
            {
                var range = new PageRange(_top, size);
                _buffer.AsSpan(range.Offset, (int)size).Fill((byte)++_numbers);
                Mark(range, _numbers);
                _objects.Add((range, _numbers));
                _top += size;
            }

            _objects = [.. _objects.Where(_ => random.Next(4) != 0)];
        }

        internal void Compact()
        {
            PageRelocation[] went = _buffer.Compact([.. _objects.Select(o => o.Range)]);
            _objects = [.. _objects.Zip(went, (o, r) => (new PageRange(r.To, r.Length), o.Number))];
            _top = Live;
        }

        internal bool AllAreWhole() => _objects.TrueForAll(o => Read(o.Range.Offset) == o.Number && Read(o.Range.End - sizeof(int)) == o.Number);

        private long Size(Random random) => random.Next(1, 9) * unit;

        private int Read(long offset) => BitConverter.ToInt32(_buffer.AsSpan(offset, sizeof(int)));

        private void Mark(PageRange range, int number)
        {
            BitConverter.TryWriteBytes(_buffer.AsSpan(range.Offset, sizeof(int)), number);
            BitConverter.TryWriteBytes(_buffer.AsSpan(range.End - sizeof(int), sizeof(int)), number);
        }
    }
}
