using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Tests.Physical;

internal static class FencedFrames
{
    /// <summary>What a stray pointer does: writes the byte behind a frame.</summary>
    internal static unsafe void WritePastEnd(PhysicalMemory memory, FrameNumber frame) =>
        *((byte*)memory.HostAddress(frame) + PageSize.Bytes) = 1;
}
