using PageShift.Abi;

namespace PageShift.Calls.Text;

/// <summary>The arguments of calls as perf trace writes them: by the names of the kernel's tracepoints, without those that are 0, and flags without their prefix.
/// Source: <c>/sys/kernel/tracing/events/syscalls/sys_enter_*/format</c> of Linux 6.18.</summary>
internal static class PerfArguments
{
    private static readonly string[] Range = ["start", "len"];
    private static readonly string[] RangeAndFlags = ["start", "len", "flags"];

    /// <summary>The names of a call's arguments, in their order; null where they are not needed.</summary>
    public static string[]? NamesOf(SystemCallNumber number) => number switch
    {
        SystemCallNumber.Map => ["addr", "len", "prot", "flags", "fd", "off"],
        SystemCallNumber.Unmap => ["addr", "len"],
        SystemCallNumber.Remap => ["addr", "old_len", "new_len", "flags", "new_addr"],
        SystemCallNumber.Protect => ["start", "len", "prot"],
        SystemCallNumber.ProtectWithKey => ["start", "len", "prot", "pkey"],
        SystemCallNumber.Advise => ["start", "len_in", "behavior"],
        SystemCallNumber.Break => ["brk"],
        SystemCallNumber.Lock or SystemCallNumber.Unlock => Range,
        SystemCallNumber.Lock2 or SystemCallNumber.Sync or SystemCallNumber.Seal => RangeAndFlags,
        SystemCallNumber.InCore => ["start", "len", "vec"],
        SystemCallNumber.LockAll => ["flags"],
        SystemCallNumber.UnlockAll => [],
        SystemCallNumber.Exit or SystemCallNumber.ExitGroup => ["error_code"],
        SystemCallNumber.Truncate => ["fd", "length"],
        _ => null,
    };

    /// <summary>Passes over a name, and the colon and the space behind it. False, at the same place, where none stands.</summary>
    public static bool TryTakeName(ref LineCursor cursor, out ReadOnlySpan<byte> name)
    {
        int start = cursor.Position;
        name = cursor.TakeName();
        if (!name.IsEmpty && name[0] is (>= (byte)'a' and <= (byte)'z') or (byte)'_' && cursor.TryTake(": "u8))
            return true;
        cursor.Position = start;
        return false;
    }
}
