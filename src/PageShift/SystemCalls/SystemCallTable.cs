using PageShift.Abi;

namespace PageShift.SystemCalls;

/// <summary>The memory calls of x86-64: those that the engine makes, and those that it only knows of. Source: <c>arch/x86/entry/syscalls/syscall_64.tbl</c> (names and numbers).</summary>
internal static class SystemCallTable
{
    private const int NumberCount = 512;

    private static readonly SystemCallDescription[] Descriptions =
    [
        new MapCall(), new UnmapCall(), new RemapCall(), new ProtectCall(), new ProtectWithKeyCall(), new AdviseCall(), new BreakCall(), new InCoreCall(),
        new LockCall(), new Lock2Call(), new UnlockCall(), new LockAllCall(), new UnlockAllCall(), new SyncCall(), new SealCall(),
        new ControlCall(), new RemapFilePagesCall(), new GetSegmentCall(), new AttachSegmentCall(), new DetachSegmentCall(), new ControlSegmentCall(),
        new UnmodelledCall(206, "io_setup", CallEffect.Adds),
        new UnmodelledCall(207, "io_destroy", CallEffect.Removes),
        new UnmodelledCall(237, "mbind", CallEffect.Hides),
        new UnmodelledCall(238, "set_mempolicy", CallEffect.None),
        new UnmodelledCall(239, "get_mempolicy", CallEffect.None),
        new UnmodelledCall(256, "migrate_pages", CallEffect.None),
        new UnmodelledCall(279, "move_pages", CallEffect.None),
        new UnmodelledCall(440, "process_madvise", CallEffect.Changes),
        new UnmodelledCall(448, "process_mrelease", CallEffect.None),
        new UnmodelledCall(450, "set_mempolicy_home_node", CallEffect.None),
        new UnmodelledCall(453, "map_shadow_stack", CallEffect.Adds),
    ];

    private static readonly SystemCallDescription?[] ByNumber = IndexByNumber();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SystemCallDescription> All => Descriptions;

    /// <summary>The memory call of a number; null when it is none.</summary>
    public static SystemCallDescription? Find(SystemCallNumber number) => (ulong)number < NumberCount ? ByNumber[(int)number] : null;

    private static SystemCallDescription?[] IndexByNumber()
    {
        var byNumber = new SystemCallDescription?[NumberCount];
        foreach (SystemCallDescription description in Descriptions)
            byNumber[(int)description.Number] = description;
        return byNumber;
    }
}
