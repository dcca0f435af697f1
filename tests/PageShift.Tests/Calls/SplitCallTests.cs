using PageShift.Abi;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Calls that strace wrote in several parts.</summary>
public sealed class SplitCallTests
{
    [Fact]
    public void A_resumed_call_is_one_record_at_the_line_of_its_resumption()
    {
        List<CallRecord> records = LogText.Read(
            "# two threads",
            "5 10:00:01 munmap(0x1000, 4096 <unfinished ...>",
            "6 10:00:02 brk(NULL) = 0x1000",
            "5 10:00:03 <... munmap resumed>) = 0 <0.000002>");

        Assert.Equal([(3, 6, "brk"), (4, 5, "munmap")], records.Select(record => (record.Line, record.ThreadId, record.Name)));
        Assert.Equal(new CallArguments(0x1000, 4096), records[1].Call.Arguments);
        Assert.Equal(new CallTimestamp(CallTimestampForm.TimeOfDay, 36001_000_000_000), records[1].Timestamp);
        Assert.Equal(2000, records[1].DurationNanoseconds);
    }

    [Fact]
    public void A_clone_is_announced_when_it_begins()
    {
        List<CallRecord> records = LogText.Read(
            "5 clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD <unfinished ...>",
            "6 brk(NULL) = 0x1000",
            "5 <... clone resumed>) = 6");

        Assert.Equal(
            [(CallRecordKind.CloneStarted, 5), (CallRecordKind.Call, 6), (CallRecordKind.Call, 5)],
            records.Select(record => (record.Kind, record.ThreadId)));
        Assert.Equal(CloneFlags.SharedMemory, records[0].CloneFlags);
        Assert.Equal(CallOutcome.None, records[0].Outcome);
        Assert.Equal(records[0].Call, records[2].Call);
        Assert.Equal(CallOutcome.OfValue(6), records[2].Outcome);
    }

    // strace -z -f: the line behind is the same call's. Another line that begins so is none.
    [Fact]
    public void The_bare_rest_of_a_call_that_changes_memory_is_an_error_unless_it_is_asked_for()
    {
        const string Log = "5 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>\n)   = 0x7fc9bba88000\n6 brk(NULL <unfinished ...>\n5 brk(NULL) = 0x1000\n) = 0x1000\n";
        CallSyntaxException error = Assert.Throws<CallSyntaxException>(() => ReadAll(Log, lenient: false));
        Assert.Equal((2L, 1), (error.Error.Line, error.Error.Column));
        Assert.Contains("strace -z and -e status=", error.Message, StringComparison.Ordinal);

        Assert.True(error.IsReadLeniently);

        List<CallRecord> records = ReadAll(Log, lenient: true);
        Assert.Equal([("mmap", 5, 2L, 0x7fc9bba88000), ("brk", 5, 4L, 0x1000)], records.Where(record => record is { Kind: CallRecordKind.Call, Outcome.State: CallOutcomeState.Value }).Select(record => (record.Name, record.ThreadId, record.Line, record.Outcome.Value)));
        Assert.Equal("openat", Assert.Single(ReadAll("5 openat(AT_FDCWD, \"/x\", O_RDONLY <unfinished ...>\n)   = 3\n", lenient: false)).Name);
    }

    private static List<CallRecord> ReadAll(string log, bool lenient)
    {
        var reader = new CallLogReader(new MemoryStream(System.Text.Encoding.ASCII.GetBytes(log)), new CallLogOptions { FileName = "log", Lenient = lenient });
        List<CallRecord> records = [];
        while (reader.TryRead(out CallRecord record))
            records.Add(record);
        Assert.Empty(reader.Warnings);
        return records;
    }

    [Fact]
    public void A_message_in_the_middle_of_a_line_does_not_break_it()
    {
        List<CallRecord> records = LogText.Read(
            "munmap(0x1000, 8192strace: Process 7 attached",
            ") = 0",
            "vfork(strace: Process 8 attached",
            " <unfinished ...>",
            "[pid     8] +++ exited with 0 +++",
            "[pid     9] <... vfork resumed>) = 8",
            "[pid     7] brk(NULL) = 0x1000");

        Assert.Equal(
            [
                (CallRecordKind.Attached, 7, 1), (CallRecordKind.Call, 0, 2), (CallRecordKind.Attached, 8, 3), (CallRecordKind.CloneStarted, 0, 4),
                (CallRecordKind.Exited, 8, 5), (CallRecordKind.Call, 0, 6), (CallRecordKind.Call, 7, 7),
            ],
            records.Select(record => (record.Kind, record.ThreadId, (int)record.Line)));
        Assert.Equal(new CallArguments(0x1000, 8192), records[1].Call.Arguments);
    }

    [Fact]
    public void Two_messages_may_follow_each_other_in_a_line()
    {
        List<CallRecord> records = LogText.Read(
            "munmap(0x1000, strace: Process 7 attached",
            "strace: Process 8 attached",
            "8192) = 0");

        Assert.Equal([CallRecordKind.Attached, CallRecordKind.Attached, CallRecordKind.Call], records.Select(record => record.Kind));
        Assert.Equal(new CallArguments(0x1000, 8192), records[2].Call.Arguments);
    }

    [Fact]
    public void A_call_that_never_completes_is_delivered_at_the_end_with_an_unknown_outcome()
    {
        CallLogReader reader = LogText.Reader("""
            6 mmap(NULL, 4096, PROT_READ <unfinished ...>
            5 munmap(0x1000, 4096 <unfinished ...>
            """u8.ToArray());
        List<CallRecord> records = LogText.ReadAll(reader);

        Assert.Equal([(1, 6), (2, 5)], records.Select(record => (record.Line, record.ThreadId)));
        Assert.All(records, record => Assert.Equal(CallOutcome.Unknown, record.Outcome));
        Assert.Equal(new CallArguments(0, 4096, 1), records[0].Call.Arguments);
        Assert.Equal(2, reader.Counts.UnfinishedCalls);
    }

    [Fact]
    public void A_thread_that_dies_in_a_call_leaves_it_with_an_unknown_outcome()
    {
        List<CallRecord> records = LogText.Read(
            "5 munmap(0x1000, 4096 <unfinished ...>",
            "6 munmap(0x2000, 4096 <unfinished ...>",
            "6 <... munmap resumed> <unfinished ...>) = ?",
            "5 +++ killed by SIGRT_3 (core dumped) +++");

        Assert.Equal([(3, CallRecordKind.Call), (1, CallRecordKind.Call), (4, CallRecordKind.Killed)], records.Select(record => (record.Line, record.Kind)));
        Assert.All(records.Take(2), record => Assert.Equal(CallOutcome.Unknown, record.Outcome));
        Assert.Equal("SIGRT_3", records[2].Name);
    }

    [Fact]
    public void A_call_may_be_interrupted_more_than_once()
    {
        CallRecord record = LogText.ReadOne(
            "5 munmap(0x1000,  <unfinished ...>",
            "5 <... munmap resumed>4096 <unfinished ...>",
            "5 <... munmap resumed>) = 0");

        Assert.Equal((3, new CallArguments(0x1000, 4096)), (record.Line, record.Call.Arguments));
    }

    [Fact]
    public void A_summary_is_passed_over_and_reading_goes_on()
    {
        CallLogReader reader = LogText.Reader("""
            brk(NULL) = 0x1000
            % time     seconds  usecs/call     calls    errors syscall
            ------ ----------- ----------- --------- --------- ----------------
             66.67    0.000238         238         1           execve
            100.00    0.000357          25        14           total
            5316  brk(NULL) = 0x2000
            """u8.ToArray());

        Assert.Equal(2, LogText.ReadAll(reader).Count);
        Assert.Equal(4, reader.Counts.SummaryLines);
    }

    [Fact]
    public void A_message_on_the_processors_mode_is_counted()
    {
        CallLogReader reader = LogText.Reader("""
            execve("./a", ["./a"], 0x7ffdf14306e0 /* 43 vars */) = 0
            [ Process PID=14732 runs in 32 bit mode. ]
            07:02:30 [ Process PID=14732 runs in 64 bit mode. ]
            brk(NULL)                               = 0x917d000
            mmap2(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xf7f4e000
            """u8.ToArray());

        Assert.Equal([SystemCallNumber.Execute, SystemCallNumber.Break, SystemCallNumber.Map], LogText.ReadAll(reader).Select(record => record.Call.Number));
        Assert.Equal(2, reader.Counts.Diagnostics);
    }
}
