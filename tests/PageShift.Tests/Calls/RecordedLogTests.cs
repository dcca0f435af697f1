using System.Text;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.SystemCalls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Logs that strace 6.1 wrote; Data/record.sh shows how.</summary>
public sealed class RecordedLogTests
{
    public static TheoryData<string> AllNames => [.. LogText.RecordedNames];

    public static TheoryData<string> FormatNames => [.. LogText.RecordedNames.Where(name => name.StartsWith("format-", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Every_recorded_log_is_read_without_error(string name)
    {
        CallLogReader reader = LogText.Reader(LogText.Recorded(name));
        List<CallRecord> records = LogText.ReadAll(reader);

        Assert.NotEmpty(records);
        Assert.Equal(LogText.Recorded(name).Length, reader.Counts.Bytes);
        Assert.Equal(LogText.Recorded(name).Count(value => value == '\n'), reader.Counts.Lines);
        Assert.Equal(0, reader.Counts.Warnings);
        Assert.All(records, record => Assert.NotEqual(CallOutcomeState.None, record.Kind == CallRecordKind.Call ? record.Outcome.State : CallOutcomeState.Value));
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void One_program_recorded_in_every_format_makes_the_same_calls(string name)
    {
        Assert.Equal(CallsOf("format-plain"), CallsOf(name));

        static IEnumerable<(CallRecordKind, SystemCall, CallOutcome)> CallsOf(string name) =>
            LogText.Read(LogText.Recorded(name)).Select(record => (record.Kind, record.Call, record.Outcome));
    }

    [Fact]
    public void The_calls_of_the_recorded_program_are_those_of_its_source()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("format-plain"));
        int first = records.FindIndex(record => record.Call.Number == SystemCallNumber.Map);

        Assert.Equal(
            [
                (new SystemCall(SystemCallNumber.Map, new(0x10000000, 0x200000, 3, 0x100022, ulong.MaxValue, 0)), CallOutcome.OfValue(0x10000000)),
                (new SystemCall(SystemCallNumber.Protect, new(0x10000000, 0x1000, 0)), CallOutcome.OfValue(0)),
                (new SystemCall(SystemCallNumber.Remap, new(0x10100000, 0x100000, 0x100000, 3, 0x20000000)), CallOutcome.OfValue(0x20000000)),
                (new SystemCall(SystemCallNumber.Remap, new(0x20000000, 0x100000, 0x80000, 0)), CallOutcome.OfValue(0x20000000)),
                (new SystemCall(SystemCallNumber.Advise, new(0x20000000, 0x80000, 4)), CallOutcome.OfValue(0)),
                (new SystemCall(SystemCallNumber.Unmap, new(0x20000001, 1)), CallOutcome.OfError(Errno.InvalidArgument)),
                (new SystemCall(SystemCallNumber.OpenFile, new(0)), CallOutcome.OfValue(3)),
                (new SystemCall(SystemCallNumber.Map, new(0x30000000, 0x1000, 1, 0x100002, 3, 0)), CallOutcome.OfValue(0x30000000)),
                (new SystemCall(SystemCallNumber.LockAll, new(1)), CallOutcome.OfValue(0)),
                (new SystemCall(SystemCallNumber.UnlockAll, new()), CallOutcome.OfValue(0)),
                (new SystemCall(SystemCallNumber.Unmap, new(0x10000000, 0x30000000)), CallOutcome.OfValue(0)),
                (new SystemCall(SystemCallNumber.ExitGroup, new(3)), CallOutcome.Unknown),
                (default, CallOutcome.OfValue(3)),
            ],
            records.Skip(first).Select(record => (record.Call, record.Outcome)));
    }

    [Theory]
    [InlineData("format-t", (byte)CallTimestampForm.TimeOfDay, 1_000_000_000)]
    [InlineData("format-tt", (byte)CallTimestampForm.TimeOfDay, 1_000)]
    [InlineData("format-ttt", (byte)CallTimestampForm.Epoch, 1_000)]
    [InlineData("format-r", (byte)CallTimestampForm.Relative, 1_000)]
    [InlineData("format-fr", (byte)CallTimestampForm.Relative, 1_000)]
    [InlineData("format-ns", (byte)CallTimestampForm.Epoch, 1)]
    [InlineData("format-all", (byte)CallTimestampForm.TimeOfDay, 1_000)]
    [InlineData("format-plain", (byte)CallTimestampForm.None, 1)]
    public void Times_have_the_form_and_the_precision_of_the_recording(string name, byte form, long unit)
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded(name));

        Assert.All(records, record => Assert.Equal((CallTimestampForm)form, record.Timestamp.Form));
        Assert.All(records, record => Assert.Equal(0, record.Timestamp.Nanoseconds % unit));
        if ((CallTimestampForm)form is CallTimestampForm.TimeOfDay or CallTimestampForm.Epoch)
            Assert.Equal(records.Order(Comparer<CallRecord>.Create((x, y) => x.Timestamp.Nanoseconds.CompareTo(y.Timestamp.Nanoseconds))), records);
    }

    [Fact]
    public void Durations_are_read_where_the_call_returned()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("format-all"));

        Assert.All(records, record => Assert.Equal(
            record.Kind == CallRecordKind.Call && record.Outcome.State != CallOutcomeState.Unknown, record.DurationNanoseconds > 0));
    }

    [Fact]
    public void Every_call_is_of_a_known_kind_except_one_that_does_not_exist()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("every-call"));

        Assert.Equal("syscall_0x258", Assert.Single(records, record => record.Kind == CallRecordKind.Call && record.Call.Number == PseudoCall.Unknown).Name);
        Assert.Contains("map_shadow_stack", records.Where(record => record.Call.Standing == CallStanding.Unmodelled).Select(record => record.Name));
        Assert.All(
            records.Where(record => record.Call.Standing == CallStanding.Unmodelled),
            record => Assert.True(record.Call.Description is { IsModelled: false, Effect: not (CallEffect.None or CallEffect.Hides) }));
        Assert.Equal(
            ["fcntl", "close_range", "umask"],
            records.Where(record => record.Kind == CallRecordKind.Call && record.Call.Standing == CallStanding.Other).Select(record => record.Name).Where(name => name != "get_mempolicy"));
        Assert.Equal(0x12, records.Single(record => record.Name == "umask").Outcome.Value);
        SystemCallNumber[] seen = [.. records.Select(record => record.Call.Number).Distinct()];
        Assert.Empty(Enum.GetValues<SystemCallNumber>().Except(seen)
            .Except([SystemCallNumber.Clone, SystemCallNumber.Exit, SystemCallNumber.Truncate, SystemCallNumber.SetLimit, SystemCallNumber.GetSegment, SystemCallNumber.ControlSegment])
            .Except([SystemCallNumber.ControlProcess, SystemCallNumber.SetUser, SystemCallNumber.SetUsers, SystemCallNumber.SetAllUsers, SystemCallNumber.GetEffectiveUser])
            .Except([SystemCallNumber.SetCapabilities, SystemCallNumber.GetCapabilities, SystemCallNumber.Unshare])); // not of %memory or %process
    }

    [Fact]
    public void Flags_and_values_that_strace_does_not_know_are_kept()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("every-call"));

        Assert.Equal(
            [0x4021, 0x2a2, 0x28, 4, 0, 0x20, 0x80003, 0x54040022, 0x54000022, 0xffffffff, 0x1000001],
            Of(SystemCallNumber.Map).Where(arguments => arguments is { Second: 4096, Third: 1, Fifth: ulong.MaxValue }).Take(11).Select(arguments => arguments.Fourth));
        Assert.Contains(new CallArguments(0, 4096, 0x109, 0x22, 77, 0x3000), Of(SystemCallNumber.Map));
        Assert.Contains(new CallArguments(0, 4096, 0x0f00000f, 0x22, unchecked((ulong)-5)), Of(SystemCallNumber.Map));
        Assert.Contains(new CallArguments(0, 4096, 0xffffffff00000003, 0x22, 0x7ffffffe, 0xfffffffffffff000), Of(SystemCallNumber.Map));
        Assert.Contains(new CallArguments(0, ulong.MaxValue, 0, 0x22, ulong.MaxValue), Of(SystemCallNumber.Map));
        Assert.Contains(ulong.MaxValue, Of(SystemCallNumber.Protect).Select(arguments => arguments.Third));
        Assert.Equal([ulong.MaxValue, 1UL], Of(SystemCallNumber.ProtectWithKey).Select(arguments => arguments.Fourth));
        Assert.Equal([0, 0x18, 0x100000001, 1, 3, 5, 7, 7], Of(SystemCallNumber.Remap).Select(arguments => arguments.Fourth));
        Assert.Equal(
            [0xffffffff, .. Enumerable.Range(0, 27).Select(advice => (ulong)advice), 99, 100, 101, 102, 103, 104],
            Of(SystemCallNumber.Advise).Select(arguments => arguments.Third));
        Assert.Equal([0, 1, 6, 7], Of(SystemCallNumber.Lock2).Select(arguments => arguments.Third));
        Assert.Equal([0, 7, 0x18, 0x19], Of(SystemCallNumber.LockAll).Select(arguments => arguments.First));
        Assert.Equal([7, 0, 0x30, 0x31], Of(SystemCallNumber.Sync).Select(arguments => arguments.Third));
        Assert.Equal([0x100000001, 0], Of(SystemCallNumber.Seal).Select(arguments => arguments.Third));

        IEnumerable<CallArguments> Of(SystemCallNumber kind) =>
            records.Where(record => record.Kind == CallRecordKind.Call && record.Call.Number == kind).Select(record => record.Call.Arguments);
    }

    [Fact]
    public void Odd_paths_are_decoded()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("every-call"));

        Assert.Equal(
            ["/dev/null", "/memfd:a b)\"<x>", "/memfd:a b)\"<x>", .. Enumerable.Repeat("/tmp/odd \"n>a,m)e\né\\ = 1", 3)],
            records.Where(record => record.Call.Number is SystemCallNumber.Map or SystemCallNumber.OpenFile && record.FilePath is not null).Select(record => record.FilePath));
    }

    [Fact]
    public void Injected_outcomes_are_marked_and_delayed_ones_are_not()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("injected"));

        Assert.Equal(
            [("mremap", 12), ("madvise", 4000), ("munmap", 0), ("munmap", 0)],
            records.Where(record => record.IsInjected).Select(record => (record.Name, (int)record.Outcome.Error)));
        Assert.Contains(records, record => record is { IsInjected: false, Call.Number: SystemCallNumber.Protect });
    }

    [Fact]
    public void What_is_no_record_is_counted()
    {
        Assert.Equal(LinesWith("format-k", " > /"), CountsOf("format-k").StackFrames);
        Assert.Equal(LinesWith("format-C", "."), CountsOf("format-C").SummaryLines - 3);
        Assert.Equal(LinesWith("threads-o", "--- SIG"), CountsOf("threads-o").Signals);

        static int LinesWith(string name, string text) =>
            Encoding.UTF8.GetString(LogText.Recorded(name)).Split('\n').Count(line => !line.Contains('(') || text != "." ? line.Contains(text) : false);

        static CallLogCounts CountsOf(string name)
        {
            CallLogReader reader = LogText.Reader(LogText.Recorded(name));
            LogText.ReadAll(reader);
            return reader.Counts;
        }
    }

    [Theory]
    [InlineData("format-plain")]
    [InlineData("format-all")]
    [InlineData("every-call")]
    [InlineData("threads-o")]
    [InlineData("threads-stderr")]
    public void Reading_on_allocates_nothing(string name)
    {
        byte[] log = LogText.Recorded(name);
        Assert.Equal(0, AllocatedBytes.Least(() => AllocatedByReadingOn(log)));
    }

    private static long AllocatedByReadingOn(byte[] log)
    {
        const int Rounds = 50;
        var reader = LogText.Reader([.. Enumerable.Repeat(log, Rounds).SelectMany(part => part)]);
        int perRound = 0;
        for (CallLogReader once = LogText.Reader(log); once.TryRead(out _);)
            perRound++;
        // The first rounds fill the buffers, the queue and the cache of names.
        for (int i = 0; i < perRound * 10; i++)
            Assert.True(reader.TryRead(out _));

        int records = 0;
        long allocated = AllocatedBytes.By(() =>
        {
            while (reader.TryRead(out _))
                records++;
        });
        Assert.Equal(perRound * (Rounds - 10), records);
        return allocated;
    }
}
