using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>The two-letter codes on the VmFlags line of /proc/PID/smaps. Source: proc_pid_smaps(5).</summary>
internal static class VmFlagCode
{
    /// <summary>The flags of a line such as <c>rd wr mr mw me ac</c>. Codes that say nothing of merging or permission are skipped.</summary>
    public static VmFlags ParseLine(ReadOnlySpan<byte> codes)
    {
        var flags = VmFlags.None;
        for (int i = 0; i + 1 < codes.Length; i++)
        {
            if (codes[i] == ' ')
                continue;

            flags |= Of((char)codes[i], (char)codes[i + 1]);
            i++;
        }

        return flags;
    }

    private static VmFlags Of(char first, char second) => (first, second) switch
    {
        ('r', 'd') => VmFlags.Read,
        ('w', 'r') => VmFlags.Write,
        ('e', 'x') => VmFlags.Execute,
        ('s', 'h') => VmFlags.Shared,
        ('m', 'r') => VmFlags.MayRead,
        ('m', 'w') => VmFlags.MayWrite,
        ('m', 'e') => VmFlags.MayExecute,
        ('m', 's') => VmFlags.MayShare,
        ('g', 'd') => VmFlags.GrowsDown,
        ('l', 'o') => VmFlags.Locked,
        ('l', 'f') => VmFlags.LockOnFault,
        ('a', 'c') => VmFlags.Account,
        ('n', 'r') => VmFlags.NoReserve,
        ('d', 'e') => VmFlags.DontExpand,
        ('d', 'c') => VmFlags.DontCopy,
        ('d', 'd') => VmFlags.DontDump,
        ('w', 'f') => VmFlags.WipeOnFork,
        ('h', 'g') => VmFlags.HugePage,
        ('n', 'h') => VmFlags.NoHugePage,
        ('m', 'g') => VmFlags.Mergeable,
        ('s', 'r') => VmFlags.SequentialRead,
        ('r', 'r') => VmFlags.RandomRead,
        ('s', 'f') => VmFlags.Sync,
        ('d', 'p') => VmFlags.Droppable,
        ('s', 'l') => VmFlags.Sealed,
        ('g', 'u') => VmFlags.MayHaveGuards,
        _ => VmFlags.None,
    };
}
