using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Verification.Kernels;

/// <summary>Asks the running kernel by calls what it has.</summary>
/// <param name="executor">A process that has made no call; it is of no other use afterwards.</param>
internal sealed class FeatureProbe(KernelExecutor executor)
{
    private const ulong Place = 64UL << 30;
    private const ulong Other = 65UL << 30;
    private const ulong LargePage = 2UL << 20;
    private const ulong NoDescriptor = ulong.MaxValue;
    private const MapFlags Private = MapFlags.Private | MapFlags.Anonymous;
    private const MapFlags Shared = MapFlags.Shared | MapFlags.Anonymous;
    private const RemapFlags MoveTo = RemapFlags.MayMove | RemapFlags.Fixed;

    /// <summary>True when madvise does not refuse the advice for a range of no length.</summary>
    internal bool KnowsAdvice(Advice advice) => !Call(SystemCallNumber.Advise, new(Place, 0, (ulong)advice)).IsError;

    /// <summary>True when there is mseal: it refuses a flag that it does not know, and not the call.</summary>
    internal bool HasSeal() => Call(SystemCallNumber.Seal, new(Place, PageSize.Bytes, 1)).Error != Errno.NotImplemented;

    /// <summary>True when memory may be droppable.</summary>
    internal bool HasDroppable() => !Map(Place, PageSize.Bytes, MapFlags.Droppable | MapFlags.Anonymous | MapFlags.Fixed).IsError;

    /// <summary>True when memory of large pages' length gets an aligned place: asked twice, between which a page is taken, so that chance is no answer.</summary>
    internal bool AlignsAnonymous()
    {
        ulong first = (ulong)Map(0, LargePage, Private).Raw;
        _ = Map(0, PageSize.Bytes, Private);
        ulong second = (ulong)Map(0, LargePage, Private).Raw;
        return first % LargePage == 0 && second % LargePage == 0;
    }

    /// <summary>True when shared memory may be moved and stay mapped.</summary>
    internal bool LeavesSharedMapped()
    {
        _ = Map(Place, PageSize.Bytes, Shared | MapFlags.Fixed);
        return !Move(Place, PageSize.Bytes, MoveTo | RemapFlags.DontUnmap).IsError;
    }

    /// <summary>True when one call moves two mappings with a hole between them.</summary>
    internal bool MovesSeveralMappings()
    {
        _ = Map(Place, PageSize.Bytes, Private | MapFlags.Fixed);
        _ = Map(Place + (2 * PageSize.Bytes), PageSize.Bytes, Private | MapFlags.Fixed);
        return !Move(Place, 3 * PageSize.Bytes, MoveTo).IsError;
    }

    /// <summary>True when smaps shows which mappings may have guard pages.</summary>
    internal bool ShowsGuardFlag()
    {
        _ = Map(Place, PageSize.Bytes, Private | MapFlags.Fixed);
        _ = Call(SystemCallNumber.Advise, new(Place, PageSize.Bytes, (ulong)Advice.GuardInstall));
        return FlagsThere().HasFlag(VmFlags.MayHaveGuards);
    }

    /// <summary>True when droppable memory that is mapped under MCL_FUTURE is locked.</summary>
    internal bool LocksDroppable()
    {
        _ = Call(SystemCallNumber.LockAll, new((ulong)LockAllFlags.Future));
        _ = Map(Place, PageSize.Bytes, MapFlags.Droppable | MapFlags.Anonymous | MapFlags.Fixed);
        return FlagsThere().HasFlag(VmFlags.Locked | VmFlags.Droppable);
    }

    /// <summary>The flags of the mapping at the place; none where they can't be read.</summary>
    private VmFlags FlagsThere()
    {
        var shown = new List<KernelMapping>();
        return executor.ReadMappingsWithFlags(new AddressRange(new VirtualAddress(Place), PageSize.Length), shown) && shown is [{ Flags: { } flags }] ? flags : VmFlags.None;
    }

    private CallResult Map(ulong place, ulong length, MapFlags flags) =>
        Call(SystemCallNumber.Map, new(place, length, (ulong)(Protection.Read | Protection.Write), (ulong)flags, NoDescriptor));

    private CallResult Move(ulong place, ulong length, RemapFlags flags) => Call(SystemCallNumber.Remap, new(place, length, length, (ulong)flags, Other));

    private CallResult Call(SystemCallNumber number, in CallArguments arguments) => executor.Invoke(number, arguments).Result;
}
