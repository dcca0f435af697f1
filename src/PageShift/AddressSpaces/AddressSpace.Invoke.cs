using PageShift.Abi;
using PageShift.Mappings;

namespace PageShift;

public sealed partial class AddressSpace
{
    /// <summary>What file descriptors mean to <see cref="Invoke"/>.</summary>
    public DescriptorTable Descriptors { get; }

    /// <summary>Makes a memory system call as the processor hands it to the kernel on x86-64: a number (<see cref="SystemCallNumber"/>) and six registers.</summary>
    /// <returns>What the kernel leaves in the result register: a value, or a negated errno; -ENOSYS for a number that is none of these calls.</returns>
    /// <remarks>Thread-safe. Arguments that the kernel declares as int are taken from the lower half of their registers. Never throws, whatever the arguments.</remarks>
    public long Invoke(long number, ulong a0 = 0, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0)
    {
        CallResult result;
        List<PunchedHole>? holes;
        using (EnterCall())
        {
            result = InvokeLocked(number, a0, a1, a2, a3, a4, a5);
            holes = TakePunchedHoles();
        }

        UnmapElsewhere(holes);
        return result.Raw;
    }

    private CallResult InvokeLocked(long number, ulong a0, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)
    {
        return (SystemCallNumber)number switch
        {
            SystemCallNumber.Map => MapDescriptor(a0, a1, a2, a3, (int)a4, a5),
            SystemCallNumber.Protect => ProtectLocked(a0, a1, a2, AnyProtectionKey),
            SystemCallNumber.Unmap => UnmapLocked(a0, a1),
            SystemCallNumber.Break => BreakLocked(a0),
            SystemCallNumber.Remap => RemapLocked(a0, a1, a2, a3, a4),
            SystemCallNumber.Sync => SyncLocked(a0, a1, (SyncFlags)a2),
            SystemCallNumber.InCore => InCoreThrough(a0, a1, a2),
            SystemCallNumber.Advise => AdviseLocked(a0, a1, (Advice)a2),
            SystemCallNumber.Lock => LockLocked(a0, a1, LockFlags.None),
            SystemCallNumber.Unlock => UnlockLocked(a0, a1),
            SystemCallNumber.LockAll => LockAllLocked((LockAllFlags)a0),
            SystemCallNumber.UnlockAll => UnlockAllLocked(),
            SystemCallNumber.Lock2 => LockLocked(a0, a1, (LockFlags)a2),
            SystemCallNumber.ProtectWithKey => ProtectLocked(a0, a1, a2, (int)a3),
            SystemCallNumber.Seal => SealLocked(a0, a1, a2),
            _ => Errno.NotImplemented,
        };
    }

    private CallResult MapDescriptor(ulong hint, ulong length, ulong protection, ulong flags, int descriptor, ulong offset)
    {
        OpenFile? file = null;
        if (!Has(flags, MapFlags.Anonymous))
            Descriptors.TryGet(descriptor, out file);
        return MapLocked(hint, length, protection, flags, file, offset);
    }
}
