using PageShift.Abi;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>mremap: resizes a mapping in place, or moves it, by moving page-table entries.</summary>
    /// <param name="old">Where the mapping, or the part of it, begins. A multiple of 4 KiB.</param>
    /// <param name="oldLength">Its length in bytes, rounded up to whole pages. 0 makes a second view of a shared mapping.</param>
    /// <param name="newLength">The length in bytes that is wanted, rounded up to whole pages; not 0.</param>
    /// <param name="flags">See <see cref="RemapFlags"/>.</param>
    /// <param name="new">With <see cref="RemapFlags.Fixed"/> the destination, else with <see cref="RemapFlags.DontUnmap"/> a hint, else ignored.</param>
    /// <returns>The address where the mapping now is, or EINVAL (arguments), ENOMEM (no room, no memory, a limit), EFAULT (not mapped, or not by one mapping), EPERM
    /// (sealed, or too low an address), EAGAIN (RLIMIT_MEMLOCK).</returns>
    /// <remarks>Thread-safe. Source: mremap(2); docs/linux-rules.md section 6, checked on Linux 6.18.</remarks>
    public CallResult Remap(VirtualAddress old, ByteLength oldLength, ByteLength newLength, RemapFlags flags, VirtualAddress @new = default)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return RemapLocked(old.Value, oldLength.Value, newLength.Value, (ulong)flags, @new.Value);
    }

    // in this order                                                           result
    // an unknown flag; old unaligned; new length 0 or beyond the user limit   EINVAL
    // with FIXED or DONTUNMAP:
    //   new + new length beyond the user limit; new unaligned; no MAYMOVE     EINVAL
    //   DONTUNMAP with two lengths; source and destination overlap            EINVAL
    //   too near the map-count limit                                          ENOMEM
    // then, by lengths:  FIXED and equal   every mapping of the range moves, each checked on its own
    //                    FIXED, DONTUNMAP  one mapping moves
    //                    equal             nothing to do
    //                    shorter           the tail goes
    //                    longer            grows in place, or moves
    internal CallResult RemapLocked(ulong old, ulong oldLength, ulong newLength, ulong flagBits, ulong @new)
    {
        if ((flagBits & ~(ulong)(RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap)) != 0)
            return Errno.InvalidArgument;
        var remap = new RemapRequest
        {
            Old = old,
            OldLength = PageSize.RoundUpWrapping(oldLength),
            NewLength = PageSize.RoundUpWrapping(newLength),
            Flags = (RemapFlags)flagBits,
            New = @new,
        };
        ulong limit = UserLimit.Value;
        if (!new VirtualAddress(old).IsPageAligned || remap.NewLength == 0 || remap.NewLength > limit)
            return Errno.InvalidArgument;
        if (remap.NamesDestination)
        {
            Errno error = CheckDestination(remap);
            if (error != Errno.None)
                return error;
        }

        return remap.Flags.Has(RemapFlags.Fixed) && remap.OldLength == remap.NewLength && Options.Kernel.MovesSeveralMappings ? _remapper.MoveEach(remap) : _remapper.RemapOne(_mappings.Find(new VirtualAddress(old)), remap);
    }

    private Errno CheckDestination(in RemapRequest remap)
    {
        ulong limit = UserLimit.Value;
        if (remap.New > limit - remap.NewLength || !new VirtualAddress(remap.New).IsPageAligned)
            return Errno.InvalidArgument;
        if (!remap.Flags.Has(RemapFlags.MayMove) || (remap.Flags.Has(RemapFlags.DontUnmap) && remap.OldLength != remap.NewLength))
            return Errno.InvalidArgument;
        if (unchecked(remap.Old + remap.OldLength) > remap.New && remap.New + remap.NewLength > remap.Old)
            return Errno.InvalidArgument;
        return _mappings.Count + 2 >= Options.MaximumMapCount - Remapper.MapCountReserve ? Errno.OutOfMemory : Errno.None;
    }
}
