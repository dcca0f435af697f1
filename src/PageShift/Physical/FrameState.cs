using System.Numerics;

namespace PageShift.Physical;

/// <summary>The four bytes of bookkeeping that every frame has.</summary>
/// <remarks>
/// <code>
///  31 30 29                                                     0
/// +-----+--------------------------------------------------------+
/// | kind|                        value                           |
/// +-----+--------------------------------------------------------+
///   0 data    value = references - 1
///   1 table   value = live entries
///   2 free    value = index, within the block of 512, of the next free frame, plus 1
///   3 pooled  value = frame number of the next pooled table (an all-zero page, ready to be a table)
/// </code>
/// All zeroes therefore means an allocated frame with one reference: a frame that is allocated for the
/// first time needs no bookkeeping written, and a terabyte that is populated once commits none of it.
/// </remarks>
internal static class FrameState
{
    internal const uint KindMask = 3u << 30;
    internal const uint ValueMask = ~KindMask;
    internal const uint Data = 0u << 30;
    internal const uint Table = 1u << 30;
    internal const uint Free = 2u << 30;
    internal const uint Pooled = 3u << 30;

    /// <summary>Fills states with those of free frames that are chained upwards.</summary>
    /// <param name="states">The states.</param>
    /// <param name="next">What the first is to hold; each other one more.</param>
    internal static void FillFree(Span<uint> states, uint next)
    {
        Vector<uint> links = Vector.CreateSequence(Free | next, 1u);
        int i = 0;
        for (; i <= states.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            links.CopyTo(states[i..]);
            links += new Vector<uint>((uint)Vector<uint>.Count);
        }

        for (; i < states.Length; i++)
            states[i] = Free | (next + (uint)i);
    }
}
