using System.Buffers.Binary;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <content>What no call on memory makes: the kernel's own mapping, and ranges that a userfaultfd watches.</content>
public sealed partial class KernelExecutor
{
    private const ulong MapVdso64 = 0x2003; // arch_prctl: ARCH_MAP_VDSO_64
    private const int UserFaultDescriptor = 200; // beyond those that a sequence of calls gets
    private const ulong CloseOnExec = 0x80000;

    private bool _hasUserFault;

    /// <summary>Lets the process have a vdso, which it begins without, at an address. A process has one at most.</summary>
    /// <param name="address">Where; a multiple of 4 KiB. What is there goes.</param>
    /// <param name="length">How long it has to be.</param>
    /// <returns>Null, or why there is none. A kernel without CONFIG_CHECKPOINT_RESTORE can't map one anew.</returns>
    internal string? PlaceVdso(VirtualAddress address, ByteLength length)
    {
        CallResult mapped = RunUnchecked(CallNumber.ArchPrctl, new CallArguments(MapVdso64));
        if (mapped.IsError)
            return $"the kernel maps no vdso (arch_prctl ARCH_MAP_VDSO_64: {ErrnoName.Of(mapped.Error)})";
        var mappings = new List<KernelMapping>();
        if (Reader?.ReadMappingsWithNames(new AddressRange(VirtualAddress.Zero, Surroundings.TaskEnd), mappings) is not true)
            return "the process's mappings can't be read";
        AddressRange vdso = mappings.Find(mapping => mapping.Name == "[vdso]").Range;
        CallResult moved = Errno.InvalidArgument;
        if (vdso.Length == length)
        {
            const ulong mayMoveFixed = (ulong)(RemapFlags.MayMove | RemapFlags.Fixed);
            moved = RunUnchecked((CallNumber)SystemCallNumber.Remap, new CallArguments(vdso.Start.Value, length.Value, length.Value, mayMoveFixed, address.Value));
        }

        foreach (KernelMapping mapping in mappings.Where(mapping => mapping.Name is "[vvar]" or "[vvar_vclock]"))
            _ = RunUnchecked(CallNumber.Munmap, new CallArguments(mapping.Range.Start.Value, mapping.Range.Length.Value));
        if (!moved.IsError)
            return null;
        _ = RunUnchecked(CallNumber.Munmap, new CallArguments(vdso.Start.Value, vdso.Length.Value));
        return vdso.Length == length ? $"the vdso can't be moved: {ErrnoName.Of(moved.Error)}" : $"the vdso has {vdso.Length}, not {length}";
    }

    /// <summary>Registers a range with the process's userfaultfd for missing pages. Nobody serves it: an access to a missing page is SIGBUS, so that nothing waits.</summary>
    /// <param name="range">Whole pages, mapped.</param>
    /// <returns>Zero, or the error: ENOSYS, EPERM or EINVAL where there is no such userfaultfd.</returns>
    internal CallResult WatchMissing(AddressRange range)
    {
        const ulong register = 0xC020AA00, missing = 1;
        CallResult opened = _hasUserFault ? CallResult.Success : OpenUserFault();
        return opened.IsError ? opened : ControlUserFault(register, range.Start.Value, range.Length.Value, missing);
    }

    private CallResult OpenUserFault()
    {
        const ulong userModeOnly = 1, exchange = 0xC018AA3F, version = 0xAA, signalsInstead = 1 << 7; // UFFD_FEATURE_SIGBUS
        CallResult opened = RunUnchecked(CallNumber.Userfaultfd, new CallArguments(CloseOnExec | userModeOnly));
        if (opened.IsError)
            return opened;
        CallResult kept = RunUnchecked(CallNumber.Dup3, new CallArguments((ulong)opened.Raw, UserFaultDescriptor, CloseOnExec));
        _ = RunUnchecked(CallNumber.Close, new CallArguments((ulong)opened.Raw));
        CallResult agreed = kept.IsError ? kept : ControlUserFault(exchange, version, signalsInstead, 0);
        _hasUserFault = !agreed.IsError;
        return agreed;
    }

    // A struct of four numbers is as long as the longest of them, uffdio_register.
    private CallResult ControlUserFault(ulong request, ulong first, ulong second, ulong third)
    {
        Span<byte> scratch = _host.Scratch;
        BinaryPrimitives.WriteUInt64LittleEndian(scratch, first);
        BinaryPrimitives.WriteUInt64LittleEndian(scratch[8..], second);
        BinaryPrimitives.WriteUInt64LittleEndian(scratch[16..], third);
        BinaryPrimitives.WriteUInt64LittleEndian(scratch[24..], 0);
        return RunUnchecked(CallNumber.Ioctl, new CallArguments(UserFaultDescriptor, request, _host.ScratchAddress));
    }
}
