using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using PageShift.Calls.Execution;
using PageShift.Linux.Tracing;
using PageShift.Tests.Cli;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>A process that runs already is followed, and left as it was found.</summary>
[SupportedOSPlatform("linux")]
public sealed class AttachTests
{
    // Moves memory for ever, in three threads and now and then in a child, and says how far it is.
    private const string Busy = """
        static volatile long rounds;
        static void once(void)
        {
            char *a = ANON(1 << 20);
            memset(a, 1, 1 << 20);
            char *b = ANON(4 << 20);
            b = mremap(a, 1 << 20, 1 << 20, MREMAP_MAYMOVE | MREMAP_FIXED, b + 4096);
            munmap(b - 4096, 4 << 20);
        }
        static void *run(void *unused)
        {
            for (;;) { once(); __sync_fetch_and_add(&rounds, 1); usleep(500); }
            return unused;
        }
        int main(void)
        {
            alarm(600); // a test run that is killed leaves nothing behind that goes on for ever
            printf("%d\n", getpid());
            pthread_t thread;
            pthread_create(&thread, 0, run, 0);
            pthread_create(&thread, 0, run, 0);
            for (;;)
            {
                pid_t child = fork();
                if (child == 0) { once(); _exit(7); }
                int status;
                if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
                    return 9;
                once();
                printf("%ld\n", rounds);
                fflush(stdout);
                usleep(500);
            }
        }
        """;

    public AttachTests() => TracedRun.SkipUnlessPermitted();

    [Fact]
    public void Threads_and_later_children_of_a_running_process_are_followed_and_engine_and_kernel_agree()
    {
        using var program = new CProgram(Busy);
        using var running = new RunningProgram(program.Path);
        using var leave = new CancellationTokenSource(HangGuard.Limit);
        var moves = new MoveWatch(leave, found => found.Select(m => m.ThreadId).Distinct().Count() >= 4 && found.Any(m => m.ProcessId != running.Id));

        FollowResult result = TraceFollower.Attach(running.Id, moves, log: null, time: null, leave.Token);

        Assert.True(moves.IsDone, string.Join('\n', moves.Divergences));
        Assert.Equal(TraceOutcome.Detached, result.Trace.Outcome);
        Assert.Empty(moves.Divergences);
        Assert.Equal(2, result.Trace.Statistics.Threads);
        Assert.True(result.Trace.Statistics.Processes > 1);
        running.AssertRunsUntraced();
    }

    [Fact]
    public void The_times_end_leaves_the_process()
    {
        using var program = new CProgram(Busy);
        using var running = new RunningProgram(program.Path);

        ToolResult result = Tool.Run("trace", "-p", running.Text, "--for", "200ms");

        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        Assert.Contains($"pageshift trace -p {running.Text}", result.Error);
        Assert.Contains(": runs on after ", result.Error);
        running.AssertRunsUntraced();
    }

    [Fact]
    public void A_process_whose_first_thread_has_ended_is_refused_for_that()
    {
        using var program = new CProgram("""
            static void *run(void *unused)
            {
                sleep(600);
                return unused;
            }
            int main(void)
            {
                pthread_t thread;
                alarm(600);
                pthread_create(&thread, 0, run, 0);
                printf("%d\n", getpid());
                fflush(stdout);
                pthread_exit(0);
            }
            """);
        using var running = new RunningProgram(program.Path);
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{running.Id}/status").Contains("State:\tZ", StringComparison.Ordinal), HangGuard.Limit));

        ToolResult result = Tool.Run("trace", "-p", running.Text);

        Assert.Equal((3, $"pageshift: process {running.Text} can't be traced: its first thread has ended, and one that has ended can't be traced"), (result.ExitCode, result.ErrorLine));
    }

    // A heap that is there already ends somewhere in its last page; a part that has a name does not show that it is one, nor one that was unmapped.
    [Theory]
    [InlineData("(void)end;")]
    [InlineData("prctl(0x53564d41, 0, end - 8192, 8192, \"named\");")]
    [InlineData("munmap((void *)(end - 8192), 8192);")]
    public void The_log_of_a_process_with_a_heap_replays(string before)
    {
        using var program = new CProgram($$"""
            int main(void)
            {
                alarm(600);
                sbrk(1 << 20);
                unsigned long end = (unsigned long)sbrk(0) & -4096UL;
                {{before}}
                printf("%d\n", getpid());
                for (long rounds = 1;; rounds++) {
                    sbrk(16384 + 100);
                    sbrk(-8192);
                    printf("%ld\n", rounds);
                    fflush(stdout);
                    usleep(2000);
                }
            }
            """);
        using var running = new RunningProgram(program.Path);
        string log = program.PathOf("log");

        ToolResult traced = Tool.Run("trace", "-p", running.Text, "--for", "300ms", "-o", log);
        ToolResult replayed = Tool.Run("run", log, "--verify");

        Assert.Equal(0, traced.ExitCode);
        Assert.DoesNotContain("differed", traced.Error);
        Assert.Contains("brk(", File.ReadAllText(log));
        Assert.True(replayed.ExitCode == 0, replayed.Output + replayed.Error);
    }

    [Theory]
    [InlineData("-TERM")]
    [InlineData("-INT")]
    [InlineData("-KILL")]
    public async Task The_end_of_the_tracer_leaves_the_process(string signal)
    {
        using var program = new CProgram(Busy);
        using var running = new RunningProgram(program.Path);
        using Process tool = Tool.StartForSignals("trace", "-p", running.Text);
        Task<string> error = tool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        running.AwaitTracer();
        running.AwaitProgress();

        Process.Start("kill", [signal, $"{tool.Id}"]).WaitForExit();

        Assert.True(tool.WaitForExit(HangGuard.Limit));
        running.AssertRunsUntraced();
        if (signal != "-KILL")
        {
            Assert.Equal(0, tool.ExitCode);
            Assert.Contains(": runs on after ", await error);
        }
    }

    [Fact]
    public void A_stopped_process_stays_stopped()
    {
        using var program = new CProgram(Busy);
        using var running = new RunningProgram(program.Path);
        Process.Start("kill", ["-STOP", running.Text]).WaitForExit();
        running.AwaitState('T');

        TraceResult result = ProcessTracer.Attach(running.Id, new EventRecorder(), TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);

        Assert.Equal(TraceOutcome.Detached, result.Outcome);
        running.AwaitState('T');
        Process.Start("kill", ["-CONT", running.Text]).WaitForExit();
        running.AssertRunsUntraced();
    }

    [Fact]
    public void An_exception_of_the_observer_leaves_the_process()
    {
        using var program = new CProgram(Busy);
        using var running = new RunningProgram(program.Path);
        var observer = new EventRecorder { AtEntry = _ => throw new InvalidOperationException("enough") };

        Assert.Throws<InvalidOperationException>(() => ProcessTracer.Attach(running.Id, observer, time: null, TestContext.Current.CancellationToken));

        running.AssertRunsUntraced();
    }

    [Fact]
    public async Task A_process_that_ends_meanwhile_tells_its_status()
    {
        using var program = new CProgram("int main(void) { printf(\"%d\\n\", getpid()); fflush(stdout); getchar(); ANON(4096); return 5; }");
        using var running = new RunningProgram(program.Path);
        var observer = new EventRecorder();
        Task<TraceResult> trace = Task.Run(() => ProcessTracer.Attach(running.Id, observer, time: null, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        running.AwaitTracer();

        running.Input.Close();

        TraceResult result = await trace;
        Assert.Equal((TraceOutcome.Ended, 5), (result.Outcome, result.Status.ExitCode));
        Assert.Contains(observer.Exits, e => e.Entry.Number == Abi.SystemCallNumber.Map);
    }

    [Fact]
    public void What_can_t_be_traced_gives_one_line_and_exit_code_3()
    {
        using var program = new CProgram(Busy);
        using var running = new RunningProgram(program.Path);
        using Process first = Tool.StartForSignals("trace", "-p", running.Text);
        running.AwaitTracer();

        ToolResult second = Tool.Run("trace", "-p", running.Text);
        ToolResult none = Tool.Run("trace", "-p", $"{int.MaxValue}");

        Process.Start("kill", ["-TERM", $"{first.Id}"]).WaitForExit();
        Assert.True(first.WaitForExit(HangGuard.Limit));
        Assert.Equal((3, 3), (second.ExitCode, none.ExitCode));
        Assert.Matches($@"^pageshift: process {running.Text} can't be traced: process \d+ traces it already\n$", second.Error);
        Assert.Equal($"pageshift: process {int.MaxValue} can't be traced: there is no such process\n", none.Error);
        running.AssertRunsUntraced();
    }

    /// <summary>Ends the run once what was awaited has been seen.</summary>
    private sealed class MoveWatch(CancellationTokenSource leave, Func<List<FollowedMove>, bool> isDone) : IFollowObserver
    {
        internal List<FollowedMove> Moves { get; } = [];

        internal List<Divergence> Divergences { get; } = [];

        internal bool IsDone { get; private set; }

        public void Moved(FollowedMove move)
        {
            Moves.Add(move);
            IsDone |= isDone(Moves);
            if (IsDone)
                leave.Cancel();
        }

        public void Diverged(Divergence divergence) => Divergences.Add(divergence);
    }

    /// <summary>A program, no child of this process, that says its number, and then how far it is.</summary>
    private sealed class RunningProgram : IDisposable
    {
        private readonly Process _shell;
        private readonly Thread _reading;
        private long _last;

        internal RunningProgram(string path)
        {
            _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "\"$0\"; exit $?", path]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
            // Its input is the shell's, which a shell that waits in the foreground leaves alone.
            Id = int.Parse(_shell.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
            _reading = new Thread(CountLines) { IsBackground = true };
            _reading.Start();
        }

        private void CountLines()
        {
            while (_shell.StandardOutput.ReadLine() is not null)
                Interlocked.Increment(ref _last);
        }

        internal int Id { get; }

        internal string Text => Id.ToString(CultureInfo.InvariantCulture);

        internal StreamWriter Input => _shell.StandardInput;

        public void Dispose()
        {
            if (!_shell.HasExited)
                Process.Start("kill", ["-KILL", Text]).WaitForExit();
            _shell.WaitForExit();
            _reading.Join();
            _shell.Dispose();
        }

        /// <summary>No thread of it is stopped or traced, and it goes on.</summary>
        internal void AssertRunsUntraced()
        {
            AwaitStatus("TracerPid", value => value == "0");
            AwaitProgress();
            Assert.False(_shell.HasExited);
        }

        internal void AwaitTracer() => AwaitStatus("TracerPid", value => value != "0");

        internal void AwaitState(char state) => AwaitStatus("State", value => value[0] == state);

        internal void AwaitProgress()
        {
            long before = Interlocked.Read(ref _last);
            Await(() => Interlocked.Read(ref _last) > before);
        }

        /// <summary>Waits until a field of each thread is as it is to be.</summary>
        private void AwaitStatus(string field, Predicate<string> isAwaited) => Await(() => Directory.GetDirectories($"/proc/{Text}/task").All(thread =>
            File.ReadLines($"{thread}/status").First(l => l.StartsWith($"{field}:", StringComparison.Ordinal)) is { } line && isAwaited(line[(field.Length + 1)..].Trim())));

        private static void Await(Func<bool> isDone)
        {
            long start = Stopwatch.GetTimestamp();
            while (!isDone())
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < HangGuard.Limit);
                Thread.Sleep(5);
            }
        }
    }
}
