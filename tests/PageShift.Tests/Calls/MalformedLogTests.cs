using System.Text;
using CsCheck;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Whatever a log holds, the reader reads it or says where it can't: no other exception, no endless loop.</summary>
public sealed class MalformedLogTests
{
    private static readonly Gen<string> GenFragment = Gen.OneOf(
        "mmap(", "munmap(0x1000, 4096", "brk(NULL)", "vfork(", "clone3({flags=CLONE_VM", "execve(\"/x\"", ")", " = ", "0x1000", "-1 ENOMEM (x)", "?",
        " <unfinished ...>", "<... mmap resumed>", "<... vfork resumed>", " resumed>", "strace: Process 5 attached", "strace: ", "[pid     5] ", "5  ",
        "+++ exited with 0 +++", "+++ superseded by execve in pid 5 +++", "--- SIGCHLD {} ---", "% time", "------ ", " 66.67 ", " > x", "#", "\"", "\\", "<",
        ">", "(", "{", "[", "]", "}", "/*", "*/", ", ", "|", "PROT_READ", "MAP_FIXED", "21<<MAP_HUGE_SHIFT", "10:00:00 ", "1795417350.593081 ", "(+ 0.1) ",
        " <0.000011>", "(INJECTED)", "\r", "\t", " ", "\0", "é", "\uFEFF", "<pid changed to 5 ...>", " <detached ...>", "99999999999999999999", "-", "*", "+");

    [Theory]
    [MemberData(nameof(RecordedLogTests.AllNames), MemberType = typeof(RecordedLogTests))]
    public void Every_prefix_of_a_recorded_log_is_read_or_refused_at_its_last_line(string name)
    {
        byte[] log = LogText.Recorded(name);
        // A long log is cut at every seventh byte: reading all prefixes takes the square of the length.
        int step = log.Length > 1500 ? 7 : 1;
        for (int length = 0; length < log.Length; length += step)
        {
            // Lenient: a refusal costs no exception, and is a warning.
            CallLogReader reader = LogText.Reader(log[..length], lenient: true);
            LogText.ReadAll(reader);
            Assert.All(reader.Warnings, warning => Assert.Equal(log.AsSpan(0, length).Count((byte)'\n') + 1, warning.Line));
        }
    }

    [Fact]
    public void A_truncated_call_is_refused_wherever_its_arguments_end()
    {
        const string Line = "mremap(0x8100000, 2097152, 2097152, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f00000)";
        for (int length = 1; length < Line.Length; length++)
        {
            CallSyntaxError error = LogText.ErrorOf(Line[..length]);
            Assert.Equal(1, error.Line);
            Assert.InRange(error.Column, 1, length + 1);
        }

        Assert.Equal(CallOutcome.None, LogText.ReadOne(Line).Outcome);
    }

    [Fact]
    public void Random_bytes_are_read_or_refused()
    {
        Gen.Byte.Array[0, 300].Sample(ReadsOrRefuses, iter: 3_000);
    }

    [Fact]
    public void Random_pieces_of_logs_are_read_or_refused()
    {
        Gen.OneOf(GenFragment, GenFragment, GenFragment, Gen.Const("\n")).Array[0, 40]
            .Select(pieces => Encoding.UTF8.GetBytes(string.Concat(pieces)))
            .Sample(ReadsOrRefuses, iter: 8_000);
    }

    [Fact]
    public void A_recorded_log_with_random_damage_is_read_or_refused()
    {
        byte[][] logs = [.. LogText.RecordedNames.Select(LogText.Recorded)];
        Gen.Select(Gen.Int[0, logs.Length - 1], Gen.Select(Gen.Int[0, 1999], Gen.Byte).Array[1, 5], (index, damage) =>
        {
            byte[] log = logs[index][..Math.Min(logs[index].Length, 2000)];
            foreach ((int position, byte value) in damage)
                log[position % log.Length] = value;
            return log;
        }).Sample(ReadsOrRefuses, iter: 3_000);
    }

    [Fact]
    public void In_lenient_mode_each_line_is_a_record_or_counted()
    {
        string[] lines =
        [
            "brk(NULL) = 0x1000", "--- SIGCHLD {} ---", " > /lib/libc.so.6(brk+0x7) [0x31287]", "strace: [ Process PID=5 runs in 32 bit mode. ]",
            "hello world", "# a comment", "munmap(0x1000, 4096",
        ];
        Gen.Int[0, lines.Length - 1].Array[0, 200].Sample(choices =>
        {
            CallLogReader reader = LogText.Reader(Encoding.UTF8.GetBytes(string.Concat(choices.Select(choice => lines[choice] + "\n"))), lenient: true);
            int records = LogText.ReadAll(reader).Count;
            CallLogCounts counts = reader.Counts;
            return (records, counts.Signals, counts.StackFrames, counts.Diagnostics, counts.NoiseLines, counts.Warnings, counts.Lines)
                == (Count(0), Count(1), Count(2), Count(3), Count(4), Count(6), choices.Length);

            int Count(int line) => choices.Count(choice => choice == line);
        }, iter: 500);
    }

    private static bool ReadsOrRefuses(byte[] log)
    {
        CallLogReader reader = LogText.Reader(log);
        long lines = log.Count(value => value == '\n') + 2;
        // Each call reads at least a line, or takes a record that an earlier line left.
        for (long calls = 0; calls < 4 * lines; calls++)
        {
            try
            {
                if (!reader.TryRead(out _))
                    return true;
            }
            catch (CallSyntaxException exception)
            {
                if (exception.Error.Line < 1 || exception.Error.Line > lines || exception.Error.Column < 1 || exception.Message.Contains('\n'))
                    return false;
            }
        }

        return false;
    }
}
