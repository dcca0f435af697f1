using System.Numerics;
using System.Runtime.InteropServices;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>The processors on which a thread may run: sched_getaffinity(2), sched_setaffinity(2), sched_getcpu(3).</summary>
internal unsafe partial struct ProcessorSet : IEquatable<ProcessorSet>
{
    private const int Words = 16; // 1,024 processors, as the C library's cpu_set_t; on a machine with more the kernel refuses to tell
    private const int WordBits = 64;

    private fixed ulong _bits[Words];

    /// <summary>The number by which the calling thread is named.</summary>
    public const int CallingThread = 0;

    /// <summary>Every processor that there can be.</summary>
    public static ProcessorSet All
    {
        get
        {
            var set = default(ProcessorSet);
            set.AsSpan().Fill(ulong.MaxValue);
            return set;
        }
    }

    /// <summary>The processor on which the calling thread runs.</summary>
    public static int Current => GetCurrent();

    /// <summary>How many there are.</summary>
    public readonly int Count
    {
        get
        {
            int count = 0;
            for (int i = 0; i < Words; i++)
                count += BitOperations.PopCount(_bits[i]);
            return count;
        }
    }

    /// <summary>The set with one processor.</summary>
    public static ProcessorSet Of(int processor)
    {
        var set = default(ProcessorSet);
        if (processor is >= 0 and < Words * WordBits)
            set._bits[processor / WordBits] = 1UL << (processor % WordBits);
        return set;
    }

    /// <summary>Those of a thread, as far as they are in use; false when they can't be told.</summary>
    public static bool TryGet(int thread, out ProcessorSet set)
    {
        fixed (ProcessorSet* bits = &set)
        {
            *bits = default;
            return Get(thread, sizeof(ProcessorSet), bits) == 0;
        }
    }

    /// <summary>Lets a thread run on these only, or on those of them that its process is given at all. False when that is refused.</summary>
    public readonly bool TrySetFor(int thread)
    {
        fixed (ulong* bits = _bits)
            return Set(thread, sizeof(ProcessorSet), (ProcessorSet*)bits) == 0;
    }

    /// <summary>True when a processor is among them.</summary>
    public readonly bool Contains(int processor) =>
        processor is >= 0 and < Words * WordBits && (_bits[processor / WordBits] >> (processor % WordBits) & 1) != 0;

    /// <summary>The lowest that both have; -1 for none.</summary>
    public readonly int FirstIn(in ProcessorSet other)
    {
        for (int i = 0; i < Words; i++)
        {
            if ((_bits[i] & other._bits[i]) is not 0 and ulong common)
                return (i * WordBits) + BitOperations.TrailingZeroCount(common);
        }

        return -1;
    }

    /// <inheritdoc/>
    public bool Equals(ProcessorSet other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ProcessorSet other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Count;

    private Span<ulong> AsSpan() => MemoryMarshal.CreateSpan(ref _bits[0], Words);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int Get(int thread, nint bytes, ProcessorSet* set);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int Set(int thread, nint bytes, ProcessorSet* set);

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    private static partial int GetCurrent();
}
