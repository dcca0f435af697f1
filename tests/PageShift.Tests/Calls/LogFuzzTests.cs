using System.Diagnostics;
using System.Globalization;
using System.Text;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Random changes of real logs: bytes, lines, pieces of other logs, cuts. Whatever comes out, the reader reads it or says where it can't, and ends.
/// <c>PAGESHIFT_READER_SECONDS</c> makes it go on for so long, from another seed each time, which a failure names.</summary>
public sealed class LogFuzzTests
{
    private const string SecondsVariable = "PAGESHIFT_READER_SECONDS";
    private const int Rounds = 4_000;
    private const int LongestLog = 6_000;
    private const int Seed = 20261128;

    private static readonly string[] Pieces =
    [
        "\n", "\r\n", ")", "(", "\"", " = ", " <unfinished ...>", "<... mmap resumed>", "<... clone resumed> ", "Process 7 attached", "strace: Process 7 attached", "Process 7 suspended",
        "[pid     7] ", "7  ", "> ", "| ", "12:", "     3\t", "     3  ", "\u001b[31m", "\u001b]0;x", "# ", "+++ exited with 0 +++", "--- ", "mmap(", "munmap(0x1000, 4096) = 0", "mremap(",
        "clone(", "clone3({flags=CLONE_VM", "execve(\"/x\"", "brk(", "mumap(1)", "getpid()", "     0.1 ( 0.2 ms): x/7 ", "... [continued]: mmap()", " ...", "strace.go:1] [   1:   7] x X ",
        "% time", "errno=22", "-1 EINVAL (x)", "0xfffffffff7ffc000", "mmap2(", "[ Process PID=7 runs in 32 bit mode. ]", "\0", "\uFEFF", "99999999999999999999", "/*", "*/", "<", ">",
    ];

    [Fact]
    public void A_log_with_random_changes_is_read_or_refused()
    {
        byte[][] logs = [.. Directory.EnumerateFiles(Repository.Path("tests/logs")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes), .. LogText.RecordedNames.Select(LogText.Recorded)];
        int seconds = int.Parse(Environment.GetEnvironmentVariable(SecondsVariable) ?? "0", CultureInfo.InvariantCulture);
        int seed = seconds == 0 ? Seed : Environment.TickCount;
        var clock = Stopwatch.StartNew();
        for (int round = 0; round < Rounds || clock.Elapsed.TotalSeconds < seconds; round++)
        {
            var random = new Random(seed + round);
            byte[] log = Change(logs, random);
            foreach ((bool lenient, bool strict) in new[] { (false, false), (true, false), (false, true) })
                Assert.True(EndsOrRefuses(LogText.Reader(log, lenient, strict), log.Length), $"seed {seed + round}, lenient {lenient}, strict {strict}: {Encoding.Latin1.GetString(log)}");
        }
    }

    private static byte[] Change(byte[][] logs, Random random)
    {
        List<byte> log = [.. Part(logs, random, LongestLog)];
        for (int changes = random.Next(1, 9); changes > 0; changes--)
        {
            int at = random.Next(log.Count + 1);
            int length = Math.Min(random.Next(1, 40), log.Count - at);
            switch (random.Next(6))
            {
                case 0 when length > 0:
                    log[at] = (byte)random.Next(256);
                    break;
                case 1:
                    log.RemoveRange(at, length);
                    break;
                case 2:
                    log.InsertRange(random.Next(log.Count + 1), log.GetRange(at, length));
                    break;
                case 3:
                    log.InsertRange(at, Part(logs, random, 200));
                    break;
                case 4 when random.Next(4) == 0:
                    log.RemoveRange(at, log.Count - at);
                    break;
                default:
                    log.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
            }
        }

        return [.. log];
    }

    private static byte[] Part(byte[][] logs, Random random, int longest)
    {
        byte[] log = logs[random.Next(logs.Length)];
        int start = random.Next(3) == 0 ? random.Next(log.Length) : 0;
        return log[start..Math.Min(log.Length, start + longest)];
    }

    /// <summary>Each call reads at least a line, or takes a record that an earlier line left. What is packed can have more lines than bytes.</summary>
    private static bool EndsOrRefuses(CallLogReader reader, int bytes)
    {
        for (long calls = 0; calls < 1_000 + (100L * bytes); calls++)
        {
            try
            {
                if (!reader.TryRead(out _))
                    return true;
            }
            catch (CallSyntaxException error)
            {
                if (error.IsOfWholeLog)
                    return true;
                if (error.Error.Line < 1 || error.Error.Column < 1 || error.Message.Contains('\n', StringComparison.Ordinal))
                    return false;
            }
        }

        return false;
    }
}
