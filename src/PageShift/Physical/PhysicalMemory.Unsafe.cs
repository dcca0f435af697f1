using System.Runtime.CompilerServices;
using PageShift.Units;

namespace PageShift.Physical;

public sealed partial class PhysicalMemory
{
    /// <summary>The 4096 bytes of a frame. Valid while the caller holds a reference to the frame.</summary>
    internal unsafe Span<byte> Bytes(FrameNumber frame) =>
        new(_backed.Content(frame), (int)PageSize.Bytes); // the arena never moves, so the span outlives nothing

    /// <summary>The host address of a frame's first byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe nuint HostAddress(FrameNumber frame) => (nuint)_backed.Content(frame);
}
