using System.Text;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>What can't be read is an error with its exact place, or in lenient mode a counted warning.</summary>
public sealed class CallSyntaxErrorTests
{
    private const string CallParserExpectation = "a system call, such as munmap(0x1000, 4096)";

    [Theory]
    [InlineData("hello world", 1, "'hello'", CallParserExpectation)]
    [InlineData("(1)", 1, "'('", CallParserExpectation)]
    [InlineData("mmap", 1, "'mmap'", CallParserExpectation)]
    [InlineData("munmap(", 8, "the end of the line", "an address")]
    [InlineData("munmap()", 8, "')'", "an address")]
    [InlineData("munmap(0x1000", 14, "the end of the line", "','")]
    [InlineData("munmap(0x1000)", 14, "')'", "a length")]
    [InlineData("munmap(0x1000, )", 16, "')'", "a length")]
    [InlineData("munmap(0x1000, 4096", 20, "the end of the line", "')'")]
    [InlineData("munmap(0x1000, 4096, 7)", 20, "','", "')'")]
    [InlineData("munmap(0x1000, 4096) 0", 22, "'0'", "'=' or the end of the line")]
    [InlineData("munmap(0x1000, 4096) =", 23, "the end of the line", "a returned value")]
    [InlineData("munmap(0x1000, 4096) = -1", 26, "the end of the line", "an error name, such as ENOMEM")]
    [InlineData("munmap(0x1000, 4096) = -1 EFOO", 27, "'EFOO'", "an error name, such as ENOMEM")]
    [InlineData("munmap(0x1000, 4096) = -1 (errno 0)", 27, "'('", "an error name, such as ENOMEM")]
    [InlineData("munmap(0x1000, 4096) = -1 (errno 4096)", 27, "'('", "an error name, such as ENOMEM")]
    [InlineData("munmap(0x1000, 4096) = ? EFOO", 26, "'EFOO'", "a restart code, such as ERESTARTSYS, or the end of the line")]
    [InlineData("munmap(0x1000, 4096) = -1 EINVAL (Inv", 38, "the end of the line", "')'")]
    [InlineData("munmap(0x1000, 4096) = 0 x", 26, "'x'", "the end of the line")]
    [InlineData("munmap(0x1000, 4096) = 0 <0.0", 30, "the end of the line", "'>'")]
    [InlineData("munmap(0x1000, 4096) = 0 <1.>", 29, "'>'", "a digit")]
    [InlineData("munmap(0x1000, 4096) = 0 <x>", 27, "'x'", "a time in seconds")]
    [InlineData("munmap(0x10000000000000000, 4096)", 8, "'0x10000000000000000'", "a number below 2^64")]
    [InlineData("munmap(0x1000, 18446744073709551616)", 16, "'18446744073709551616'", "a number below 2^64")]
    [InlineData("munmap(0x, 4096)", 10, "','", "a hexadecimal digit")]
    [InlineData("munmap(0x1g, 4096)", 8, "'0x1g'", "a decimal or hexadecimal number")]
    [InlineData("munmap(0x10K, 4096)", 8, "'0x10K'", "a decimal or hexadecimal number")]
    [InlineData("munmap(0x1z, 4096)", 8, "'0x1z'", "a decimal or hexadecimal number")]
    [InlineData("munmap(010, 4096)", 8, "'010'", "a number without leading zeros")]
    [InlineData("munmap(PROT_READ, 4096)", 8, "'PROT_READ'", "an address")]
    [InlineData("munmap(0x1000, 16777216*TB)", 24, "'*'", "a result that fits in 64 bits")]
    [InlineData("munmap((1 + 2, 4096)", 14, "','", "')'")]
    [InlineData("munmap(1 +, 4096)", 11, "','", "an address")]
    [InlineData("mprotect(NULL, 0, MAP_FIXED)", 19, "'MAP_FIXED'", "PROT_... or a number")]
    [InlineData("mmap(NULL, 1, PROT_READ, MAP_PRIVATE|, 3, 0)", 38, "','", "MAP_... or a number")]
    [InlineData("mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 3</a, 0) = 0x1000", 56, "the end of the line", "'>'")]
    [InlineData("memset(0x1000, x, 1)", 16, "'x'", "a number")]
    [InlineData("mmap(NULL, 1, 1, 2, x, 0)", 21, "'x'", "a file descriptor")]
    [InlineData("mmap(NULL, 1, 1, 2, 3, x)", 24, "'x'", "an offset")]
    [InlineData("mincore(NULL, 1, x)", 18, "'x'", "an address or the bytes of a vector")]
    [InlineData("mremap(NULL, 1, 1) = 0", 18, "')'", "MREMAP_... or a number")]
    [InlineData("mremap(NULL, 1, 1, 0; 5) = 0", 21, "';'", "',' or ')'")]
    [InlineData("read(3, \"abc", 13, "the end of the line", "a closing quote")]
    [InlineData("read(3, 0x1000, 5", 18, "the end of the line", "')'")]
    [InlineData("[pid 5", 7, "the end of the line", "']'")]
    [InlineData("[pid x] brk(NULL) = 0", 6, "'x'", "a thread id")]
    [InlineData("07:61:00 brk(NULL) = 0", 1, "'07'", "a time of day")]
    [InlineData("07:x brk(NULL) = 0", 4, "'x'", "minutes")]
    [InlineData("99999999999999999999 brk(NULL) = 0", 1, "'99999999999999999999'", "a number below 2^63")]
    [InlineData("+++ exited with x +++", 17, "'x'", "an exit status")]
    [InlineData("+++ superseded by execve in pid x +++", 33, "'x'", "a thread id")]
    [InlineData("[zz] brk(NULL) = 0", 1, "'['", "a thread id, a system call's number or an instruction pointer")]
    [InlineData("--- SIGCHLD {si_signo=SIGCHLD", 30, "the end of the line", "'---'")]
    [InlineData("+++ exited with", 5, "'exited'", "'exited with', 'killed by' or 'superseded by execve in pid'")]
    [InlineData("+++ exited with 7", 18, "the end of the line", "'+++'")]
    [InlineData("+++ killed by SIGFOO +++", 15, "'SIGFOO'", "a signal name")]
    [InlineData("<... mmap resumed>) = 0x1000", 6, "'mmap'", "the beginning of this call on an earlier line")]
    [InlineData("<... mmap", 10, "the end of the line", "the name of a call and 'resumed>'")]
    [InlineData("hello <unfinished ...>", 1, "'hello'", CallParserExpectation)]
    [InlineData("\"é\" 5", 1, "'\"'", CallParserExpectation)]
    [InlineData("openat(AT_FDCWD, \"é\", O_FOO)", 23, "'O_FOO'", "O_... or a number")]
    [InlineData("\u0001", 1, "the character U+0001", CallParserExpectation)]
    public void An_error_names_its_place_what_stands_there_and_what_was_expected(string line, int column, string found, string expected)
    {
        CallSyntaxError error = LogText.ErrorOf("# first", line);

        Assert.Equal(("test.strace", 2, column, found, expected), (error.File, error.Line, error.Column, error.Found, error.Expected));
    }

    [Fact]
    public void The_message_is_one_line_with_file_line_and_column()
    {
        var exception = Assert.Throws<CallSyntaxException>(() => LogText.Read("brk(x)"));

        Assert.Equal("test.strace:1:5: found 'x', expected an address", exception.Message);
    }

    [Fact]
    public void An_error_in_a_split_call_is_placed_where_its_part_stands()
    {
        CallSyntaxError inFirst = LogText.ErrorOf("5 munmap(x, 1 <unfinished ...>", "6 munmap(0x1000, 1) = 0", "5 <... munmap resumed>) = 0");
        CallSyntaxError inSecond = LogText.ErrorOf("5 munmap(0, 1 <unfinished ...>", "5 <... munmap resumed>) = zero");
        CallSyntaxError inSpliced = LogText.ErrorOf("munmap(0, 1strace: Process 7 attached", " zero) = 0");

        Assert.Equal((1, 10), (inFirst.Line, inFirst.Column));
        Assert.Equal((2, 27), (inSecond.Line, inSecond.Column));
        Assert.Equal((2, 2), (inSpliced.Line, inSpliced.Column));
    }

    [Fact]
    public void A_thread_in_a_call_can_begin_no_other_and_resume_no_other()
    {
        Assert.Equal((2, 3), Place(LogText.ErrorOf("5 munmap(0, 1 <unfinished ...>", "5 munmap(0, 1 <unfinished ...>")));
        Assert.Equal((2, 8), Place(LogText.ErrorOf("5 munmap(0, 1 <unfinished ...>", "5 <... mmap resumed>) = 0")));

        static (long, int) Place(CallSyntaxError error) => (error.Line, error.Column);
    }

    [Fact]
    public void Reading_goes_on_behind_an_error()
    {
        CallLogReader reader = LogText.Reader(Encoding.UTF8.GetBytes("brk(x) = 0\nbrk(NULL) = 0"));

        Assert.Throws<CallSyntaxException>(() => reader.TryRead(out _));
        Assert.True(reader.TryRead(out CallRecord record));
        Assert.Equal(2, record.Line);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void In_lenient_mode_every_call_that_cannot_be_read_is_a_counted_warning()
    {
        string log = string.Concat(Enumerable.Range(0, 50).Select(i => $"munmap(output {i}) = 0\nbrk(NULL) = {i}\n"));
        CallLogReader reader = LogText.Reader(Encoding.UTF8.GetBytes(log), lenient: true);
        List<CallRecord> records = LogText.ReadAll(reader);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), records.Select(record => record.Outcome.Value));
        Assert.Equal(50, reader.Counts.Warnings);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => 2L * i + 1), reader.Warnings.Select(warning => warning.Line));
        Assert.Equal("test.strace:1:8: found 'output', expected an address", reader.Warnings[0].ToString());
    }

    [Fact]
    public void An_over_long_line_is_an_error_and_takes_no_memory()
    {
        byte[] log = new byte[64 << 20];
        Array.Fill(log, (byte)'a');
        Encoding.UTF8.GetBytes("brk(NULL) = 1\n").CopyTo(log, 0);
        Encoding.UTF8.GetBytes("\nbrk(NULL) = 2\n").CopyTo(log, log.Length - 15);
        CallLogReader reader = LogText.Reader(log, lenient: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        List<CallRecord> records = LogText.ReadAll(reader);

        Assert.Equal([(1, 1), (3, 2)], records.Select(record => (record.Line, record.Outcome.Value)));
        Assert.Equal((2, (1 << 20) + 1), (reader.Warnings.Single().Line, reader.Warnings.Single().Column));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Assert.Throws<CallSyntaxException>(() => LogText.Read(log));
    }
}
