using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>The stack move of execve: moves one whole mapping down, onto itself if <paramref name="shift"/> is less than its length.</summary>
    /// <param name="start">Where the mapping begins.</param>
    /// <param name="length">Its length in bytes; the whole mapping.</param>
    /// <param name="shift">How far it moves, in bytes; a multiple of 4 KiB, not 0.</param>
    /// <returns>The new start, or EINVAL (unaligned, empty, below address 0), EFAULT (no such mapping, or another one is in the way), ENOMEM.</returns>
    /// <remarks>Thread-safe. Not a system call: execve does this to the stack that it has prepared. Linux: <c>relocate_vma_down</c>.</remarks>
    internal CallResult RelocateDown(VirtualAddress start, ByteLength length, ByteLength shift)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        if (!start.IsPageAligned || !length.IsPageAligned || !shift.IsPageAligned || length == ByteLength.Zero || shift == ByteLength.Zero || shift.Value > start.Value)
            return Errno.InvalidArgument;
        MappingHandle handle = _mappings.Find(start);
        if (handle.IsNone || _mappings.RangeOf(handle) is var old && (old.Start != start || old.Length != length))
            return Errno.BadAddress;
        var destination = new AddressRange(start - shift, length);
        if (_mappings.EndBelow(handle) > destination.Start)
            return Errno.BadAddress;

        // As Linux does: first the mapping covers both places, then the entries move, then it shrinks to the new one.
        PageCount offset = _mappings[handle].PageOffset;
        VirtualAddress end = start + length;
        _mappings.SetRange(handle, new AddressRange(destination.Start, end), offset);
        var request = new MoveRequest(start, destination.Start, length)
        {
            IsStackMove = true,
            SourceGoes = true,
            SourcePredecessorEnd = _mappings.EndBelow(handle),
            DestinationPredecessorEnd = _mappings.EndBelow(handle),
            SourceFloor = destination.End,
            SourceCeiling = _mappings.StartAbove(handle),
        };
        bool moved = _moves.TryMove(request);
        _mappings.SetRange(handle, moved ? destination : new AddressRange(start, length), offset);
        if (!moved)
            return Errno.OutOfMemory;
        _linuxTables.Unmapped(new AddressRange(VirtualAddress.Max(destination.End, start), end), destination.End, request.SourceCeiling);
        return destination.Start;
    }
}
