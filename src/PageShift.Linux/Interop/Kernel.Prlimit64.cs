using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>prlimit64(2): the limits of another process.</content>
internal static unsafe partial class Kernel
{
    /// <summary>Reads the soft and the hard limit.</summary>
    internal static CallResult Prlimit64(int process, int resource, out ulong soft, out ulong hard)
    {
        ulong* limits = stackalloc ulong[2];
        CallResult result = Invoke(CallNumber.Prlimit64, process, resource, 0, (nint)limits);
        (soft, hard) = (limits[0], limits[1]);
        return result;
    }

    /// <summary>Sets the soft and the hard limit.</summary>
    internal static CallResult Prlimit64(int process, int resource, ulong soft, ulong hard)
    {
        ulong* limits = stackalloc ulong[2] { soft, hard };
        return Invoke(CallNumber.Prlimit64, process, resource, (nint)limits);
    }
}
