using PageShift.Abi;
using PageShift.Calls;
using PageShift.SystemCalls;

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
    internal static CallGroup Record(in CallRecord record)
    {
        if (record.Call.Standing != CallStanding.Modelled)
            return CallGroup.Other;
        return record.Call.Number switch
        {
            PseudoCall.RelocateDown => CallGroup.Remap,
            SystemCallNumber.Clone or SystemCallNumber.Execute or SystemCallNumber.Exit or SystemCallNumber.ExitGroup => CallGroup.Process,
            SystemCallNumber.OpenFile or SystemCallNumber.CloseFile or SystemCallNumber.DuplicateFile or SystemCallNumber.Truncate or SystemCallNumber.SetLimit => CallGroup.Other,
            _ => record.Call.Description?.Effect switch
            {
                CallEffect.Adds => CallGroup.Map,
                CallEffect.Removes => CallGroup.Unmap,
                CallEffect.Moves => CallGroup.Remap,
                CallEffect.Protects => CallGroup.Protect,
                _ => CallGroup.Memory,
            },
        };
    }
}
