using PageShift.Abi;
using PageShift.SystemCalls;

namespace PageShift.Calls.Text;

/// <summary>The arguments of calls as perf trace writes them: by the names of the kernel's tracepoints, without those that are 0, and flags without their prefix.
/// Source: <c>/sys/kernel/tracing/events/syscalls/sys_enter_*/format</c> of Linux 6.18.</summary>
internal static class PerfArguments
{
    private static readonly string[] OfExit = ["error_code"];
    private static readonly string[] OfTruncate = ["fd", "length"];

    /// <summary>The names of a call's arguments, in their order; null where they are not needed.</summary>
    public static IReadOnlyList<string>? NamesOf(SystemCallNumber number) => number switch
    {
        SystemCallNumber.Exit or SystemCallNumber.ExitGroup => OfExit,
        SystemCallNumber.Truncate => OfTruncate,
        _ => SystemCallTable.Find(number) is { IsModelled: true } call ? call.TracepointNames : null,
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
