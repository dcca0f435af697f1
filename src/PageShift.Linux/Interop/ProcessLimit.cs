using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>prlimit64(2): the limits of another process.</summary>
internal static unsafe class ProcessLimit
{
    private const long Number = 302;

    /// <summary>Reads the soft and the hard limit.</summary>
    internal static CallResult Get(int processId, int resource, out ulong soft, out ulong hard)
    {
        ulong* limits = stackalloc ulong[2];
        CallResult result = SystemCall.Invoke(Number, processId, resource, 0, (nint)limits);
        (soft, hard) = (limits[0], limits[1]);
        return result;
    }

    /// <summary>Sets the soft and the hard limit.</summary>
    internal static CallResult Set(int processId, int resource, ulong soft, ulong hard)
    {
        ulong* limits = stackalloc ulong[2];
        (limits[0], limits[1]) = (soft, hard);
        return SystemCall.Invoke(Number, processId, resource, (nint)limits);
    }
}
