using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <summary>What became of loads or stores that a program made in ascending order of address.</summary>
public readonly struct MemoryAccess
{
    /// <summary>SIGBUS.</summary>
    internal const int BusError = 7;

    /// <summary>SIGSEGV.</summary>
    internal const int SegmentationFault = 11;

    /// <summary>SEGV_MAPERR: there is no mapping, or a guard page.</summary>
    internal const int NotMapped = 1;

    /// <summary>SEGV_ACCERR: the mapping does not allow it.</summary>
    internal const int NotPermitted = 2;

    /// <summary>SEGV_PKUERR: the mapping's protection key does not allow it.</summary>
    internal const int NotPermittedByKey = 4;

    internal MemoryAccess(ByteLength bytesDone, int signal, int signalCode, VirtualAddress faultAddress, Refusal refusal) =>
        (BytesDone, Signal, SignalCode, FaultAddress, Refusal) = (bytesDone, signal, signalCode, faultAddress, refusal);

    /// <summary>How many bytes were loaded or stored before the end or the first signal.</summary>
    public ByteLength BytesDone { get; internal init; }

    /// <summary>0 when all was done; otherwise the signal that ended the access: SIGSEGV (11) or SIGBUS (7).</summary>
    public int Signal { get; }

    /// <summary>The signal's si_code: for a segmentation fault SEGV_MAPERR (1), SEGV_ACCERR (2) or SEGV_PKUERR (4).</summary>
    internal int SignalCode { get; }

    /// <summary>The signal's si_addr; zero when the address was not canonical.</summary>
    public VirtualAddress FaultAddress { get; }

    /// <summary>Why the access was not tried, or <see cref="Refusal.None"/>.</summary>
    public Refusal Refusal { get; }

    /// <summary>True when every byte was loaded or stored.</summary>
    public bool IsComplete => Refusal == Refusal.None && Signal == 0;
}
