using System.Numerics;
using System.Runtime.InteropServices;

namespace PageShift.Linux.Interop;

/// <summary>Processors on which a thread may run: the <c>cpu_set_t</c> of C libraries.</summary>
internal unsafe struct ProcessorSet : IEquatable<ProcessorSet>
{
    private const int Words = 16; // 1,024 processors; on a machine with more the kernel refuses to tell
    private const int WordBits = 64;

    private fixed ulong _bits[Words];

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
}
