namespace PageShift.Abi;

/// <summary>What shmctl is to do, with the kernel's values.</summary>
internal enum SegmentCommand
{
    /// <summary>IPC_RMID: remove the segment, with its last mapping.</summary>
    Remove = 0,

    /// <summary>IPC_SET: change owner and permissions.</summary>
    Set = 1,

    /// <summary>IPC_STAT: show it.</summary>
    Show = 2,

    /// <summary>IPC_INFO: show the limits.</summary>
    ShowLimits = 3,

    /// <summary>SHM_LOCK: keep its pages in memory.</summary>
    Lock = 11,

    /// <summary>SHM_UNLOCK: keep them no longer.</summary>
    Unlock = 12,

    /// <summary>SHM_STAT: show the segment of an index.</summary>
    ShowIndex = 13,

    /// <summary>SHM_INFO: show how much is used.</summary>
    ShowUse = 14,

    /// <summary>SHM_STAT_ANY: the same as SHM_STAT, whatever the permissions.</summary>
    ShowAny = 15,
}
