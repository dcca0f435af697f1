namespace PageShift.Memory.Moving;

/// <summary>A part of a buffer's place is lost: the kernel unmapped the destination of a move that then failed, and did not let it be mapped again. It is not known to have happened.</summary>
internal sealed class LostPlaceException()
    : InvalidOperationException("The kernel has unmapped a part of the buffer, and does not let it be mapped again: the buffer is lost. Only Dispose is left.");
