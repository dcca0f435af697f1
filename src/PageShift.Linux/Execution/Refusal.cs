namespace PageShift.Linux.Execution;

/// <summary>Why the executor did not run a call.</summary>
public enum Refusal
{
    /// <summary>The call ran.</summary>
    None,

    /// <summary>The call would change or use the two mappings in which the executor's own code and data lie
    /// (<see cref="KernelSurroundings.Host"/>).</summary>
    TouchesHost,

    /// <summary>The call could fault in more memory than <see cref="KernelExecutorOptions.MostPopulatedBytes"/>.</summary>
    PopulatesTooMuch,

    /// <summary>The call would take physical memory out of service (MADV_HWPOISON, MADV_SOFT_OFFLINE with capabilities).</summary>
    HarmsMachine,

    /// <summary>The number is none of <see cref="Abi.SystemCallNumber"/>.</summary>
    UnknownCall,

    /// <summary>The executor's process has ended: somebody killed it, or the system ran out of memory.</summary>
    ProcessEnded,

    /// <summary>The call would use or leave behind objects that all processes of the machine share. It runs where the executor's process could have an IPC namespace of its own, which goes with the last
    /// process forked from it: that takes a privileged runner (CAP_SYS_ADMIN).</summary>
    ReachesOthers,
}
