namespace PageShift.Linux;

/// <summary>What became of loads or stores that a program made in ascending order of address.</summary>
/// <param name="BytesDone">How many bytes were loaded or stored before the end or the first signal.</param>
/// <param name="Signal">0 when all was done; otherwise <see cref="SegmentationFault"/> or <see cref="BusError"/>.</param>
/// <param name="SignalCode">The signal's si_code: for a segmentation fault <see cref="NotMapped"/>, <see cref="NotPermitted"/> or <see cref="NotPermittedByKey"/>.</param>
/// <param name="FaultAddress">The signal's si_addr; zero when the address was not canonical.</param>
/// <param name="Refusal">Why the access was not tried, or <see cref="Refusal.None"/>.</param>
public readonly record struct MemoryAccess(
    ByteLength BytesDone, int Signal, int SignalCode, VirtualAddress FaultAddress, Refusal Refusal)
{
    /// <summary>SIGBUS.</summary>
    public const int BusError = 7;

    /// <summary>SIGSEGV.</summary>
    public const int SegmentationFault = 11;

    /// <summary>SEGV_MAPERR: there is no mapping, or a guard page.</summary>
    public const int NotMapped = 1;

    /// <summary>SEGV_ACCERR: the mapping does not allow it.</summary>
    public const int NotPermitted = 2;

    /// <summary>SEGV_PKUERR: a protection key does not allow it.</summary>
    public const int NotPermittedByKey = 4;

    /// <summary>True when every byte was loaded or stored.</summary>
    public bool IsComplete => Refusal == Refusal.None && Signal == 0;
}
