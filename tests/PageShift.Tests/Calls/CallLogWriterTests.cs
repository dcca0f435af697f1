using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Names;
using PageShift.SystemCalls;
using Xunit;

namespace PageShift.Tests.Calls;

public sealed partial class CallLogWriterTests
{
    /// <summary>What a record does not hold, or what later versions of strace write by name.</summary>
    private static readonly string[] WrittenDifferently = ["(deleted)", "MADV_???", "mincore(", "syscall_", "/dev/zero", "(DELAYED)"];

    private static readonly Gen<ulong> GenNumber = Gen.OneOf(
        Gen.Const(0UL), Gen.Const(ulong.MaxValue), Gen.ULong, Gen.ULong[0, 1 << 20], Gen.Int[0, 63].Select(bit => 1UL << bit));

    private static readonly Gen<ulong> GenSigned = Gen.OneOf(Gen.Int[-200, 200], Gen.Int).Select(number => (ulong)(long)number);

    private static readonly Gen<string?> GenPath = Gen.OneOf(
        Gen.Const((string?)null),
        Gen.String[Gen.OneOf('/', 'a', '7', '"', '\\', '<', '>', '(', ')', ',', '#', '=', ' ', '\n', '\t', '\0', '\x7f', 'é', '€'), 0, 20]
            .Select(path => (string?)("/" + path)));

    [Theory]
    [InlineData("format-plain")]
    [InlineData("every-call")]
    [InlineData("injected")]
    [InlineData("format-y")]
    public void What_strace_wrote_is_written_again_byte_for_byte(string name)
    {
        string[] original = Encoding.UTF8.GetString(LogText.Recorded(name)).TrimEnd('\n').Split('\n');
        string[] written = LogText.Write(LogText.Read(LogText.Recorded(name))).TrimEnd('\n').Split('\n');

        Assert.Equal(original.Length, written.Length);
        int same = 0;
        foreach ((string first, string second) in original.Zip(written))
        {
            if (!IsMemoryCall().IsMatch(first) || WrittenDifferently.Any(first.Contains))
                continue;
            Assert.Equal(first, second);
            same++;
        }

        Assert.True(same >= 9);
    }

    [Theory]
    [MemberData(nameof(RecordedLogTests.AllNames), MemberType = typeof(RecordedLogTests))]
    public void A_recorded_log_that_is_written_reads_back_equal(string name)
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded(name));
        // A thread whose first line names no thread keeps that; attaching before any line would name it.
        List<CallRecord> again = LogText.Read(Encoding.UTF8.GetBytes(LogText.Write(records)));

        Assert.Equal(records.Select(record => record with { Line = 0 }), again.Select(record => record with { Line = 0 }));
    }

    [Fact]
    public void The_result_stands_in_column_40_as_far_as_it_fits()
    {
        string[] lines = LogText.Write(
            Record(SystemCallNumber.Break, new()) with { Outcome = CallOutcome.OfValue(0x1000) },
            Record(SystemCallNumber.Break, new()) with { Outcome = CallOutcome.OfValue(0x1000), ThreadId = 17 },
            Record(SystemCallNumber.Map, new(0x7f0000000000, 0x200000, 3, 0x22, ulong.MaxValue)) with { Outcome = CallOutcome.OfError(Errno.OutOfMemory) })
            .Split('\n');

        Assert.Equal("brk(NULL)                               = 0x1000", lines[0]);
        Assert.Equal("17    brk(NULL)                         = 0x1000", lines[1]);
        Assert.Equal("mmap(0x7f0000000000, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)", lines[2]);
    }

    [Theory]
    [InlineData(SystemCallNumber.Map)]
    [InlineData(SystemCallNumber.Remap)]
    [InlineData(SystemCallNumber.Break)]
    [InlineData(PseudoCall.RelocateDown)]
    public void A_result_that_is_an_address_is_written_as_one(SystemCallNumber kind)
    {
        string line = LogText.Write(Record(kind, new(0x1fff000, 0x201000, 0x200000)) with { Outcome = CallOutcome.OfValue(0x1dff000) });

        Assert.EndsWith(" = 0x1dff000", line.TrimEnd('\n'));
    }

    [Fact]
    public void Any_call_reads_back_equal()
    {
        GenCall().Sample(record => ReadsBack(record), iter: 5_000);
    }

    [Fact]
    public void Any_event_reads_back_equal()
    {
        Gen<CallRecord> genEvent = Gen.Select(Gen.Int[1, 4_000_000], Gen.Int[0, 255], Gen.Int[1, 64], GenTimestamp()).SelectMany((thread, status, signal, time) =>
            Gen.OneOf(
                new CallRecord { Kind = CallRecordKind.Attached, ThreadId = thread },
                new CallRecord { Kind = CallRecordKind.Detached, ThreadId = thread },
                new CallRecord { Kind = CallRecordKind.Exited, ThreadId = thread, Outcome = CallOutcome.OfValue(status), Timestamp = time },
                new CallRecord { Kind = CallRecordKind.Killed, ThreadId = thread, Name = SignalNames.Of(signal), Timestamp = time },
                new CallRecord { Kind = CallRecordKind.Superseded, ThreadId = thread, Outcome = CallOutcome.OfValue(status), Timestamp = time }));
        genEvent.Sample(record => ReadsBack(record));
    }

    [Fact]
    public void A_clone_that_started_reads_back_with_its_completion()
    {
        SystemCall clone = new(SystemCallNumber.Clone, new(0x4100, 17));
        CallRecord[] records =
        [
            new() { Kind = CallRecordKind.CloneStarted, ThreadId = 5, Call = clone, Line = 1 },
            new() { Kind = CallRecordKind.Exited, ThreadId = 6, Outcome = CallOutcome.OfValue(0), Line = 2 },
            new() { ThreadId = 5, Call = clone, Outcome = CallOutcome.OfValue(6), Line = 3 },
        ];

        Assert.Equal(records, LogText.Read(Encoding.UTF8.GetBytes(LogText.Write(records))));
    }

    [GeneratedRegex(@"^(mmap|munmap|mremap|mprotect|pkey_mprotect|madvise|brk|mlock|mlock2|munlock|mlockall|munlockall|msync|exit_group)\(|^\+\+\+")]
    private static partial Regex IsMemoryCall();

    private const SystemCallNumber Read = 0;
    private const SystemCallNumber SetUpEvents = (SystemCallNumber)206;

    private static readonly SystemCallNumber[] Numbers =
    [
        PseudoCall.Unknown, PseudoCall.MemorySet, PseudoCall.MemoryRead, PseudoCall.Present, PseudoCall.Absent, PseudoCall.AnonVma, PseudoCall.RelocateDown,
        Read, SetUpEvents, .. Enum.GetValues<SystemCallNumber>(),
    ];

    private static CallRecord Record(SystemCallNumber kind, CallArguments arguments) => new() { Call = new SystemCall(kind, arguments) };

    private static bool ReadsBack(CallRecord record) =>
        LogText.Read(Encoding.UTF8.GetBytes(LogText.Write(record)), lenient: true)[0] == record with { Line = 1 };

    private static Gen<CallTimestamp> GenTimestamp() => Gen.OneOf(
        Gen.Const(default(CallTimestamp)),
        Gen.Long[0, 86_399_999_999_999].Select(time => new CallTimestamp(CallTimestampForm.TimeOfDay, time)),
        Gen.Long[100_000_000_000_000_000, 4_000_000_000_000_000_000].Select(time => new CallTimestamp(CallTimestampForm.Epoch, time)),
        Gen.Long[0, 999_999_999_999_999].Select(time => new CallTimestamp(CallTimestampForm.Relative, time)));

    private static Gen<CallRecord> GenCall() =>
        Gen.Select(Gen.OneOf(Numbers), GenPath, Gen.Int[0, 4_000_000], GenTimestamp(), Gen.Bool, Gen.Long[0, 1_000_000_000_000].Nullable())
            .SelectMany((kind, path, thread, time, isInjected, duration) => Gen.Select(GenArguments(kind), GenOutcome(kind), (arguments, outcome) => new CallRecord
            {
                Call = new SystemCall(kind, arguments),
                Name = NameOf(kind)!,
                ThreadId = thread,
                Timestamp = time,
                Outcome = outcome,
                FilePath = kind is SystemCallNumber.Map or SystemCallNumber.OpenFile or SystemCallNumber.Execute ? path : null,
                // What follows the outcome can't stand without one.
                IsInjected = isInjected && outcome.State != CallOutcomeState.None,
                DurationNanoseconds = outcome.State == CallOutcomeState.None ? null : duration,
            }));

    private static string? NameOf(SystemCallNumber kind) => kind switch
    {
        PseudoCall.Unknown => "no_such_call",
        Read => "read",
        SetUpEvents => "io_setup",
        _ => null,
    };

    private static Gen<CallOutcome> GenOutcome(SystemCallNumber kind) => Gen.OneOf(
        Gen.Const(CallOutcome.None),
        Gen.Const(CallOutcome.Unknown),
        Gen.OneOf(512, 513, 514, 516).Select(CallOutcome.OfRestart),
        Gen.Int[1, 511].Select(error => CallOutcome.OfError((Errno)error)),
        // A modelled call's -1 is an error's sign.
        Gen.Long.Where(value => value != -1).Select(value => CallOutcome.OfValue(value)));

    private static Gen<CallArguments> GenArguments(SystemCallNumber kind)
    {
        switch (kind)
        {
            case PseudoCall.Unknown or Read or SetUpEvents or SystemCallNumber.Execute:
                return Gen.Const(new CallArguments());
            case SystemCallNumber.Clone:
                return Gen.Select(GenNumber, Gen.ULong[0, 64], (flags, signal) => new CallArguments(flags, signal));
            case SystemCallNumber.OpenFile:
                return GenNumber.Select(flags => new CallArguments(flags));
            case SystemCallNumber.CloseFile:
                return Gen.Select(GenSigned, GenSigned, (first, last) => new CallArguments(first, last));
            case SystemCallNumber.DuplicateFile:
                return GenSigned.Select(file => new CallArguments(file));
            default:
                IReadOnlyList<CallParameter> parameters = new SystemCall(kind, default).Parameters;
                return Gen.Select(GenNumber.Array[6], GenSigned.Array[6], (numbers, signed) =>
                {
                    ulong Of(int index) => index >= parameters.Count ? 0
                        : parameters[index].Form is ArgumentForm.FileDescriptor or ArgumentForm.Signed or ArgumentForm.Identifier ? signed[index] : numbers[index];
                    return new CallArguments(Of(0), Of(1), Of(2), Of(3), Of(4), Of(5));
                });
        }
    }
}
