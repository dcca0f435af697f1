using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>The rows of the table of speeds that are about the library for live memory.</summary>
internal static unsafe class LiveMemoryRows
{
    private const long KiB = 1 << 10;
    private const long MiB = 1 << 20;
    private const long GiB = 1 << 30;
    internal const string CopyOfTail = "Buffer.MemoryCopy of the tail";

    internal static IEnumerable<SpeedRow> All { get; } =
    [
        Insert("memory: insert 2 MiB in the middle of 1 GiB", 2 * MiB, 500),
        new SplicesAfterSplices(),
        Insert("memory: insert 4 KiB in the middle of 1 GiB", 4 * KiB, 20),
        new BufferComparison("memory: slide a window of 4 GiB on by 64 MiB", "Buffer.MemoryCopy of the window", new Target(RatioKind.TimesFaster, 5000), 4 * GiB, Room(16 * GiB))
        {
            Ours = buffer => Do(() => buffer.Slide(64 * MiB)),
            Other = buffer => Copy(buffer, 64 * MiB, 0, (4 * GiB) - (64 * MiB)),
        },
        new BufferComparison("memory: drop 64 MiB from the front of 4 GiB, memory given back", "Buffer.MemoryCopy of the rest", new Target(RatioKind.TimesFaster, 100), 4 * GiB, Room(64 * GiB))
        {
            Ours = buffer => Do(() => buffer.DropFront(64 * MiB)),
            Undo = AppendWritten,
            Other = buffer => Copy(buffer, 64 * MiB, 0, (4 * GiB) - (64 * MiB)),
        },
        new Appending(),
        .. Grown(),
        new CheaperOfTwo(64 * KiB),
        new CheaperOfTwo(256 * KiB),
        new CheaperOfTwo(MiB),
        new CheaperOfTwo(4 * MiB),
        new ReadsAfterSplices(),
        new BareSplice(),
    ];

    /// <summary>Copies within a buffer.</summary>
    internal static int Copy(PageBuffer buffer, long from, long to, long length)
    {
        var start = (byte*)buffer.GetPointer(0);
        Buffer.MemoryCopy(start + from, start + to, length, length);
        return 1;
    }

    private static BufferComparison Insert(string work, long gap, double target) => new(work, CopyOfTail, new Target(RatioKind.TimesFaster, target), GiB, Room(2 * GiB))
    {
        Ours = buffer => Do(() => buffer.Insert(GiB / 2, gap)),
        Undo = buffer => buffer.Remove(GiB / 2, gap),
        Other = buffer => Copy(buffer, GiB / 2, (GiB / 2) - gap, GiB / 2),
    };

    private static IEnumerable<SpeedRow> Grown()
    {
        (string Name, double Faster, double? Peak)[] rivals =
        [
            ("List<byte>", 2.5, 0.5),
            ("MemoryStream", 2.5, 0.5),
            ("ArrayBufferWriter<byte>", 2.5, 0.5),
            ("RecyclableMemoryStream", 2.5, 0.5),
            ("NativeMemory.Realloc", 1, null),
            ("DotNext's unmanaged memory", 1, null),
        ];
        foreach ((string name, double faster, double? peak) in rivals)
        {
            yield return new Growth(name, new Target(RatioKind.TimesFaster, faster));
            if (peak is { } most)
                yield return new GrowthPeak(name, new Target(RatioKind.Times, most));
        }
    }

    private static PageBufferOptions Room(long capacity) => new() { Capacity = capacity };

    private static int Do(Action work)
    {
        work();
        return 1;
    }

    private static void AppendWritten(PageBuffer buffer)
    {
        long length = buffer.Length;
        if (buffer.Capacity < length + (64 * MiB))
            buffer.Reserve(64 * GiB);
        buffer.Resize(length + (64 * MiB));
        buffer.AsSpan(length, (int)(64 * MiB)).Fill(1);
    }
}
