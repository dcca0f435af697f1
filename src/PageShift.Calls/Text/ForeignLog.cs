using PageShift.Calls.Names;

namespace PageShift.Calls.Text;

/// <summary>Recognizes what is no log of system calls, or one that does not hold what a log has to: by its first lines.</summary>
internal static class ForeignLog
{
    /// <summary>What has to be recorded instead.</summary>
    public const string Expected = "a log of system calls, such as strace -f -o FILE -e trace=%memory,%process PROGRAM writes";

    private const int MostLines = 64;

    /// <summary>What begins with these bytes.</summary>
    private static readonly (byte[] Beginning, string Tool)[] Files =
    [
        ([0x7f, (byte)'E', (byte)'L', (byte)'F'], "a program or a core dump (ELF)"),
        ("MZ"u8.ToArray(), "a program (PE)"),
        ("PERFILE2"u8.ToArray(), "the binary data of perf record, which has no arguments of calls"),
        ([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "a file compressed with xz, which has to be unpacked first"),
        ("BZh"u8.ToArray(), "a file compressed with bzip2, which has to be unpacked first"),
        ([(byte)'P', (byte)'K', 3, 4], "a zip archive, which has to be unpacked first"),
        ([4, 0x22, 0x4d, 0x18], "a file compressed with lz4, which has to be unpacked first"),
    ];

    /// <summary>Lines that begin so.</summary>
    private static readonly (byte[] Beginning, string Tool)[] Beginnings =
    [
        ("Attaching "u8.ToArray(), Bpftrace),
        ("Attached "u8.ToArray(), Bpftrace),
        ("# tracer: "u8.ToArray(), "the output of ftrace, which has no results beside the arguments"),
        ("SYSCALL(args)"u8.ToArray(), "the output of dtruss, which traces another system than Linux"),
        ("SYSCALL["u8.ToArray(), "the output of valgrind --trace-syscalls, which has no arguments by name"),
        ("type=SYSCALL "u8.ToArray(), "the log of auditd, which has only four arguments of each call"),
    ];

    private const string Bpftrace = "the output of bpftrace, which is whatever its script prints";
    private const string Ltrace = "the output of ltrace, whose arguments are not the system calls' own";

    /// <summary>Functions of the C library that ltrace shows first.</summary>
    private static readonly SymbolTable LibraryFunctions = new(
        [.. ((string[])["__libc_start_main", "malloc", "calloc", "realloc", "free", "strlen", "strcmp", "strchr", "strrchr", "memcpy", "memset@plt", "puts", "printf", "setlocale", "getenv", "fopen"]).Select(name => (name, 0UL))]);

    /// <summary>What a line shows that the log is, with why that is not enough; null where it may be a log.</summary>
    /// <param name="line">The line.</param>
    /// <param name="number">Its number, from 1.</param>
    public static string? Recognize(ReadOnlySpan<byte> line, long number)
    {
        if (number > MostLines)
            return null;
        if (number == 1 && Find(Files, line) is { } file)
            return file;
        if (number == 1 && line.Contains((byte)0))
            return "binary data";
        if (Find(Beginnings, line) is { } tool && (tool != Bpftrace || (line.IndexOf(" probe"u8) > 0 && LineCursor.IsDigit(line[line.IndexOf((byte)' ') + 1]))))
            return tool;
        if (line.IndexOf(":sys_enter_"u8) > 0 || line.IndexOf(": sys_enter_"u8) > 0)
            return "the events of perf script or trace-cmd, which has no results beside the arguments";
        if (IsOfLtrace(line))
            return Ltrace;
        return IsMapping(line) ? "the mappings of a process (/proc/PID/maps), which are no calls" : null;
    }

    private static string? Find((byte[] Beginning, string Tool)[] table, ReadOnlySpan<byte> line)
    {
        foreach ((byte[] beginning, string tool) in table)
        {
            if (line.StartsWith(beginning))
                return tool;
        }

        return null;
    }

    /// <summary><c>SYS_brk(0) = 0x1000</c> or <c>brk@SYS(nil) = 0x1000</c> with -S; <c>malloc(24) = 0x1000</c> without.</summary>
    private static bool IsOfLtrace(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        if (!LinePrefix.TryParse(ref cursor, out _))
            return false;
        ReadOnlySpan<byte> name = cursor.TakeName();
        if (cursor.Rest.StartsWith("@SYS("u8))
            return true;
        return cursor.Current == '(' && ((name.StartsWith("SYS_"u8) && !SystemCallNames.IsUnnamed(name)) || LibraryFunctions.TryFind(name, out _));
    }

    /// <summary><c>00400000-00452000 r-xp 00000000 08:02 173521 /bin/x</c>.</summary>
    private static bool IsMapping(ReadOnlySpan<byte> line)
    {
        const int Permissions = 4;
        int start = line.IndexOf((byte)' ');
        return start > 0 && line[..start].IndexOf((byte)'-') > 0 && line[..start].IndexOfAnyExcept("0123456789abcdef-"u8) < 0
            && line.Length > start + Permissions + 1 && line.Slice(start + 1, Permissions).IndexOfAnyExcept("rwxsp-"u8) < 0 && line[start + Permissions + 1] == ' ';
    }
}
