using PageShift.Abi;

namespace PageShift.Linux.Processes;

/// <summary>The two-letter codes of the VmFlags line in /proc/PID/smaps.
/// Source: <c>Documentation/filesystems/proc.rst</c> (codes).</summary>
internal static class VmFlagsCode
{
    /// <summary>Reads the codes of a line, separated by spaces. A code that <see cref="VmFlags"/> does not have is passed over.</summary>
    internal static VmFlags Parse(ReadOnlySpan<byte> codes)
    {
        VmFlags flags = VmFlags.None;
        while (codes.Length >= 2)
        {
            if (codes[0] == ' ')
            {
                codes = codes[1..];
                continue;
            }

            flags |= Of(codes[0] << 8 | codes[1]);
            codes = codes[2..];
        }

        return flags;
    }

    private static VmFlags Of(int code) => code switch
    {
        'r' << 8 | 'd' => VmFlags.Read,
        'w' << 8 | 'r' => VmFlags.Write,
        'e' << 8 | 'x' => VmFlags.Execute,
        's' << 8 | 'h' => VmFlags.Shared,
        'm' << 8 | 'r' => VmFlags.MayRead,
        'm' << 8 | 'w' => VmFlags.MayWrite,
        'm' << 8 | 'e' => VmFlags.MayExecute,
        'm' << 8 | 's' => VmFlags.MayShare,
        'g' << 8 | 'd' => VmFlags.GrowsDown,
        'l' << 8 | 'o' => VmFlags.Locked,
        'l' << 8 | 'f' => VmFlags.LockOnFault,
        'a' << 8 | 'c' => VmFlags.Account,
        'n' << 8 | 'r' => VmFlags.NoReserve,
        'd' << 8 | 'e' => VmFlags.DontExpand,
        'd' << 8 | 'c' => VmFlags.DontCopy,
        'd' << 8 | 'd' => VmFlags.DontDump,
        'w' << 8 | 'f' => VmFlags.WipeOnFork,
        'h' << 8 | 'g' => VmFlags.HugePage,
        'n' << 8 | 'h' => VmFlags.NoHugePage,
        'm' << 8 | 'g' => VmFlags.Mergeable,
        's' << 8 | 'r' => VmFlags.SequentialRead,
        'r' << 8 | 'r' => VmFlags.RandomRead,
        's' << 8 | 'f' => VmFlags.Sync,
        'd' << 8 | 'p' => VmFlags.Droppable,
        's' << 8 | 'l' => VmFlags.Sealed,
        'g' << 8 | 'u' => VmFlags.MayHaveGuards,
        'p' << 8 | 'f' => VmFlags.PageFrames,
        'h' << 8 | 't' => VmFlags.HugeTlb,
        'u' << 8 | 'm' or 'u' << 8 | 'w' or 'u' << 8 | 'i' => VmFlags.UserFault,
        _ => VmFlags.None,
    };
}
