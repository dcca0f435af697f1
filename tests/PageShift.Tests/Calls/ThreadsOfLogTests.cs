using PageShift.Abi;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Logs of several threads and processes: whose line is it, and which parts belong together.</summary>
public sealed class ThreadsOfLogTests
{
    public static TheoryData<string> Together => ["threads-o", "threads-stderr", "threads-stderr-Y", "threads-quiet", "threads-pidns"];

    [Theory]
    [MemberData(nameof(Together))]
    public void Each_thread_unmaps_what_it_mapped(string name)
    {
        // The program's threads map and unmap 8192 bytes by turns, so that a part given to the wrong thread shows at once.
        var mapped = new Dictionary<int, long>();
        int pairs = 0;
        foreach (CallRecord record in LogText.Read(LogText.Recorded(name)).Where(record => record.Call.Arguments.Second == 8192))
        {
            if (record.Call.Number == SystemCallNumber.Map && record.Outcome.State == CallOutcomeState.Value)
            {
                mapped[record.ThreadId] = record.Outcome.Value;
            }
            else if (record.Call.Number == SystemCallNumber.Unmap)
            {
                Assert.Equal(mapped[record.ThreadId], (long)record.Call.Arguments.First);
                pairs++;
            }
        }

        Assert.True(pairs >= 15);
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void Each_thread_is_announced_by_the_clone_that_made_it(string name)
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded(name));
        int first = records[0].ThreadId;
        int[] made = [.. records.Where(record => record.Kind == CallRecordKind.Call && record.Call.Number == SystemCallNumber.Clone).Select(record => (int)record.Outcome.Value)];

        // The thread that called execve has no line of its own but that call's, which completes under the process's id.
        Assert.Equal(made.Append(first).Order(), records.Select(record => record.ThreadId).Union(Executors(records)).Order());
        // Seven threads and processes beside the first; with unshare, the program itself is one more.
        Assert.Equal(name == "threads-pidns" ? 8 : 7, made.Length);
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void A_child_is_never_seen_before_its_clone_has_started(string name)
    {
        var busy = new HashSet<int>();
        var known = new HashSet<int>();
        foreach (CallRecord record in LogText.Read(LogText.Recorded(name)))
        {
            if (known.Count == 0)
                known.Add(record.ThreadId);
            if (record.Kind == CallRecordKind.CloneStarted)
                Assert.True(busy.Add(record.ThreadId));
            if (record.Kind == CallRecordKind.Call && record.Call.Number == SystemCallNumber.Clone)
            {
                busy.Remove(record.ThreadId);
                known.Add((int)record.Outcome.Value);
            }

            // strace announces a thread inside the line of the clone that makes it.
            if (record.Kind == CallRecordKind.Attached || busy.Count > 0)
                known.Add(record.ThreadId);
            Assert.Contains(record.ThreadId, known);
        }
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void Threads_share_memory_and_forks_do_not(string name)
    {
        CallRecord[] clones = [.. LogText.Read(LogText.Recorded(name)).Where(record => record.Kind == CallRecordKind.Call && record.Call.Number == SystemCallNumber.Clone)];

        Assert.Equal(4, clones.Count(clone => clone.CloneFlags.HasFlag(CloneFlags.Thread | CloneFlags.SharedMemory)));
        Assert.Single(clones, clone => clone.CloneFlags.HasFlag(CloneFlags.VFork | CloneFlags.SharedMemory) && !clone.CloneFlags.HasFlag(CloneFlags.Thread));
        Assert.Equal(name == "threads-pidns" ? 3 : 2, clones.Count(clone => !clone.CloneFlags.HasFlag(CloneFlags.SharedMemory)));
        Assert.All(clones, clone => Assert.Equal(clone.CloneFlags.HasFlag(CloneFlags.Thread) ? 0u : 17u, clone.Call.Arguments.Second));
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void An_execve_of_another_thread_completes_under_the_process_id(string name)
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded(name));
        int superseded = records.FindIndex(record => record.Kind == CallRecordKind.Superseded);
        CallRecord execution = records.Skip(superseded).First(record => record.Call.Number == SystemCallNumber.Execute);

        Assert.Equal(records[superseded].ThreadId, execution.ThreadId);
        Assert.Equal("/bin/true", execution.FilePath);
        Assert.Equal(CallOutcome.OfValue(0), execution.Outcome);
        Assert.DoesNotContain(records.Skip(superseded), record => record.ThreadId == (int)records[superseded].Outcome.Value);
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void Each_thread_ends_once(string name)
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded(name));
        int[] ended = [.. records.Where(record => record.Kind is CallRecordKind.Exited or CallRecordKind.Killed).Select(record => record.ThreadId)];

        Assert.Equal(records.Select(record => record.ThreadId).Union(Executors(records)).Order(), ended.Concat(Executors(records)).Order());
        Assert.Equal("SIGSEGV", Assert.Single(records, record => record.Kind == CallRecordKind.Killed).Name);
    }

    [Fact]
    public void With_ff_each_file_is_a_thread_of_its_own()
    {
        string[] names = [.. LogText.RecordedNames.Where(name => name.StartsWith("threads-ff.", StringComparison.Ordinal))];
        List<CallRecord>[] logs = [.. names.Select(name => LogText.Read(LogText.Recorded(name)))];

        Assert.Equal(8, logs.Length);
        Assert.All(logs.SelectMany(log => log), record => Assert.Equal(0, record.ThreadId));
        // execve began in one file and completed in another.
        Assert.Contains(logs, log => log[^1] is { Call.Number: SystemCallNumber.Execute, Outcome.State: CallOutcomeState.Unknown, FilePath: "/bin/true" });
        Assert.Contains(logs, log => log.Any(record => record.Kind == CallRecordKind.Superseded)
            && log.Any(record => record.Call.Number == SystemCallNumber.Execute && record.Outcome == CallOutcome.OfValue(0)));
    }

    [Fact]
    public void A_log_that_began_by_attaching_names_its_threads_from_the_start()
    {
        List<CallRecord> records = LogText.Read(LogText.Recorded("attach-kill-stderr"));
        int attached = Assert.Single(records, record => record.Kind == CallRecordKind.Attached).ThreadId;

        Assert.DoesNotContain(0, records.Select(record => record.ThreadId));
        // The last line names no thread, for only one was left.
        Assert.Equal((CallRecordKind.Killed, attached), (records[^1].Kind, records[^1].ThreadId));
    }

    [Fact]
    public void Calls_that_a_signal_or_the_tracer_cut_off_have_an_unknown_outcome()
    {
        CallLogReader reader = LogText.Reader(LogText.Recorded("attach-detach-o"));
        List<CallRecord> records = LogText.ReadAll(reader);

        Assert.Single(records, record => record.Name == "read" && (int)record.Outcome.Error == 512);
        Assert.Equal(CallOutcomeState.Unknown, records.Last(record => record.Name == "clock_nanosleep").Outcome.State);
        Assert.Equal(1, reader.Counts.UnfinishedCalls);
        Assert.Equal(("read", CallOutcome.Unknown), (records[^1].Name, records[^1].Outcome));
        Assert.Equal(
            [CallRecordKind.Attached, CallRecordKind.Detached, CallRecordKind.Detached],
            LogText.Read(LogText.Recorded("attach-detach-stderr")).Select(record => record.Kind));
    }

    private static IEnumerable<int> Executors(IEnumerable<CallRecord> records) =>
        records.Where(record => record.Kind == CallRecordKind.Superseded).Select(record => (int)record.Outcome.Value);
}
