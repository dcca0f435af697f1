using PageShift.Calls;

namespace PageShift.Cli.Output.Html;

/// <summary>What a call does, as coarsely as the page's timeline shows it. The numbers are the page's.</summary>
internal enum CallGroup
{
    /// <summary>mmap, brk.</summary>
    Map,

    /// <summary>munmap.</summary>
    Unmap,

    /// <summary>mremap, relocate_vma_down.</summary>
    Remap,

    /// <summary>mprotect, pkey_mprotect.</summary>
    Protect,

    /// <summary>Memory calls that leave the mappings where they are.</summary>
    Memory,

    /// <summary>fork, execve, exit and their kin.</summary>
    Process,

    /// <summary>All others.</summary>
    Other,
}

/// <summary>Finds the group of a call.</summary>
internal static class CallGroupOf
{
    internal static CallGroup Record(in CallRecord record) => record.Call.Kind switch
    {
        CallKind.Map or CallKind.Break => CallGroup.Map,
        CallKind.Unmap => CallGroup.Unmap,
        CallKind.Remap or CallKind.RelocateDown => CallGroup.Remap,
        CallKind.Protect or CallKind.ProtectWithKey => CallGroup.Protect,
        CallKind.Clone or CallKind.Execute or CallKind.Exit or CallKind.ExitGroup => CallGroup.Process,
        CallKind.Unknown or CallKind.Other or CallKind.Unsupported or CallKind.OpenFile or CallKind.CloseFile or CallKind.DuplicateFile
            or CallKind.Truncate or CallKind.SetLimit => CallGroup.Other,
        _ => CallGroup.Memory,
    };
}
