using System.Buffers;
using Apache.Arrow;
using Apache.Arrow.Memory;

namespace PageShift.Memory.Samples;

/// <summary>Apache Arrow on page buffers: the columns of record batches become one column by taking each other's pages, beside Arrow's own concatenation, which copies them.</summary>
internal static class ArrowColumns
{
    private const int Batches = 16;

    internal static bool Run(TextWriter output, int megabytes)
    {
        int page = MemoryCapabilities.PageSize;
        int rows = (int)(((long)megabytes << 20) / Batches / page * page / sizeof(long)); // whole pages: no batch but the last needs to end within one
        var allocator = new PageAllocator();
        Int64Array[] columns = [.. Enumerable.Range(0, Batches).Select(batch => MakeColumn(allocator, batch, rows))];

        IArrowArray? copied = null;
        TimeSpan copying = Clock.Time(() => copied = ArrowArrayConcatenator.Concatenate(columns));
        Int64Array? joined = null;
        TimeSpan moving = Clock.Time(() => joined = allocator.Join(columns));

        bool isSame = ((Int64Array)copied!).Values.SequenceEqual(joined!.Values);
        output.WriteLine($"{Batches} columns of {rows} values, {megabytes} MiB, become one");
        output.WriteLine($"  Arrow's concatenation, which copies: {Clock.Text(copying)}, and {megabytes} MiB more");
        output.WriteLine($"  pages taken over:                    {Clock.Text(moving)}, and nothing more");
        output.WriteLine($"  {Clock.Saved(moving, copying)}; the two are {(isSame ? "the same" : "DIFFERENT")}");
        joined.Dispose();
        ((Int64Array)copied).Dispose();
        return isSame;
    }

    private static Int64Array MakeColumn(PageAllocator allocator, int batch, int rows)
    {
        IMemoryOwner<byte> owner = allocator.Allocate(rows * sizeof(long));
        Span<long> values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(owner.Memory.Span);
        for (int i = 0; i < values.Length; i++)
            values[i] = ((long)batch * rows) + i;
        return new Int64Array(new ArrowBuffer(owner.Memory), ArrowBuffer.Empty, rows, 0, 0);
    }
}

/// <summary>Gives Arrow memory of whole pages, and knows which buffer is behind an array's values.</summary>
internal sealed class PageAllocator : MemoryAllocator
{
    private readonly List<PageOwner> _owners = [];

    /// <summary>Makes one array of several, by taking their pages. They are empty afterwards.</summary>
    internal Int64Array Join(IReadOnlyList<Int64Array> columns)
    {
        long length = columns.Sum(c => (long)c.Length * sizeof(long));
        var whole = new PageBuffer(0, new PageBufferOptions { Capacity = length });
        foreach (Int64Array column in columns)
            whole.Append(OwnerOf(column).Buffer);
        return new Int64Array(new ArrowBuffer(whole.AsMemory(0, checked((int)length))), ArrowBuffer.Empty, columns.Sum(c => c.Length), 0, 0);
    }

    /// <inheritdoc/>
    protected override IMemoryOwner<byte> AllocateInternal(int length, out int bytesAllocated)
    {
        var owner = new PageOwner(length);
        _owners.Add(owner);
        bytesAllocated = (int)owner.Buffer.Length;
        return owner;
    }

    private PageOwner OwnerOf(Int64Array column) => _owners.Single(o => o.Buffer.Length != 0 && o.Memory.Span.Overlaps(column.ValueBuffer.Span, out int offset) && offset == 0);

    private sealed class PageOwner : IMemoryOwner<byte>
    {
        private readonly int _length;

        internal PageOwner(int length)
        {
            _length = length;
            long page = MemoryCapabilities.PageSize;
            Buffer = new PageBuffer((length + page - 1) / page * page);
        }

        public Memory<byte> Memory => Buffer.AsMemory(0, _length);

        internal PageBuffer Buffer { get; }

        public void Dispose() => Buffer.Dispose();
    }
}
