using System.Diagnostics;
using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

public sealed class ProcessTreeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_hundred_children_one_after_the_other_are_each_a_copy(bool mayFilter)
    {
        using var program = new CProgram("""
            int main(void)
            {
                for (int i = 0; i < 200; i++)
                {
                    int status;
                    pid_t child = fork();
                    if (child == 0) { munmap(ANON(8192), 8192); _exit(i); }
                    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != i) return 1;
                }
                return 0;
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, new TracedCommand(program.Path) { MayFilter = mayFilter });

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(mayFilter ? StopMethod.Filter : StopMethod.EverySystemCall, result.Statistics.Method);
        Assert.Equal(201, seen.Processes.Count);
        Assert.All(seen.Processes.Skip(1), child => Assert.Equal((seen.Processes[0].ProcessId, false), (child.ParentProcessId, child.SharesAddressSpace)));
        Assert.Equal(201, seen.Processes.Select(process => process.AddressSpaceId).Distinct().Count());
        Assert.Equal(201, seen.Ends.Count);
        Assert.Equal(seen.Processes.Select(process => process.ProcessId).Order(), seen.Endings.Order());
        Assert.Equal(400, seen.Exits.Count(call => call.Entry.ProcessId != seen.Processes[0].ProcessId));
        Assert.All(seen.Ends, end => Assert.False(end.Status.IsKilled));
    }

    [Fact]
    public void A_vfork_child_shares_the_space_until_it_executes_a_program()
    {
        using var program = new CProgram("""
            int main(void)
            {
                int status;
                pid_t child = vfork();
                if (child == 0) { execl("/bin/true", "true", (char *)0); _exit(1); }
                return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 2;
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(0, result.Status.ShellStatus);
        ProcessStart child = seen.Processes[1];
        Assert.True(child.SharesAddressSpace);
        Assert.Equal(seen.Processes[0].AddressSpaceId, child.AddressSpaceId);
        Assert.Equal(child.ProcessId, seen.Programs[1].ProcessId);
        Assert.NotEqual(child.AddressSpaceId, seen.Programs[1].AddressSpaceId);
        Assert.All(seen.Exits.Where(call => call.Entry.ProcessId == child.ProcessId), call => Assert.Equal(seen.Programs[1].AddressSpaceId, call.Entry.AddressSpaceId));
    }

    [Fact]
    public void A_clone_with_shared_memory_is_a_process_on_the_same_space()
    {
        using var program = new CProgram("""
            static char stack[65536] __attribute__((aligned(16)));
            static int run(void *p) { munmap(ANON(4096), 4096); return 3; }
            int main(void)
            {
                int status;
                pid_t child = clone(run, stack + sizeof stack, CLONE_VM | SIGCHLD, 0);
                return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 1;
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(3, result.Status.ExitCode);
        Assert.True(seen.Processes[1].SharesAddressSpace);
        Assert.Equal(2, seen.Exits.Count(call => call.Entry.ProcessId == seen.Processes[1].ProcessId && call.Entry.AddressSpaceId == seen.Processes[0].AddressSpaceId));
    }

    [Fact]
    public void An_exec_from_a_thread_ends_the_others_and_keeps_the_process()
    {
        using var program = new CProgram("""
            static void *wait_here(void *p) { for (;;) pause(); return p; }
            static void *replace(void *p) { execl("/bin/sh", "sh", "-c", "exit 6", (char *)0); return 0; }
            int main(void)
            {
                pthread_t t;
                for (int i = 0; i < 3; i++) pthread_create(&t, 0, wait_here, 0);
                pthread_create(&t, 0, replace, 0);
                for (;;) pause();
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(6, result.Status.ExitCode);
        Assert.Equal(4, seen.Threads.Count);
        Assert.Equal(2, seen.Programs.Count);
        Assert.All(seen.Programs, program => Assert.Equal(seen.Processes[0].ProcessId, program.ProcessId));
        Assert.All(seen.Exits.Where(call => call.Entry.AddressSpaceId == seen.Programs[1].AddressSpaceId), call => Assert.Equal(call.Entry.ProcessId, call.Entry.ThreadId));
        Assert.Single(seen.Endings);
    }

    [Fact]
    public void A_program_killed_from_outside_is_reported_as_killed()
    {
        using var program = new CProgram("int main(void) { for (;;) munmap(ANON(4096), 4096); }");
        int entered = 0;
        var seen = new EventRecorder
        {
            AtEntry = call =>
            {
                if (++entered == 1000)
                    Kill(call.ProcessId);
            },
        };

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(9, result.Status.Signal);
        Assert.Equal(9, Assert.Single(seen.Ends).Status.Signal);
        Assert.Equal((1000, 999), (seen.Entries.Count, seen.Exits.Count));
    }

    [Fact]
    public void Children_that_outlive_the_command_are_followed_to_their_end()
    {
        using var program = new CProgram("""
            int main(void)
            {
                pid_t parent = getpid();
                if (fork() == 0) { while (getppid() == parent) usleep(1000); munmap(ANON(4096), 4096); _exit(4); }
                return 0;
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(0, result.Status.ExitCode);
        Assert.Equal([seen.Processes[0].ProcessId, seen.Processes[1].ProcessId], seen.Ends.Select(end => end.ProcessId));
        Assert.Equal(4, seen.Ends[1].Status.ExitCode);
    }

    [Fact]
    public void A_cancelled_run_ends_a_program_that_ignores_SIGTERM_and_its_children()
    {
        using var program = new CProgram("""
            int main(void)
            {
                signal(SIGTERM, SIG_IGN);
                signal(SIGINT, SIG_IGN);
                fork();
                fork();
                for (;;) { munmap(ANON(4096), 4096); usleep(1000); }
            }
            """);
        using var cancellation = new CancellationTokenSource();
        EventRecorder? seen = null;
        seen = new EventRecorder { AtExit = CancelWhenComplete };

        TraceResult result = ProcessTracer.Run(new TracedCommand(program.Path), seen, cancellation.Token);

        Assert.Equal(TraceOutcome.Cancelled, result.Outcome);
        Assert.Equal(9, result.Status.Signal);
        Assert.Equal(4, seen.Ends.Count);
        Assert.All(seen.Processes, process => Assert.False(IsChildOfThis(process.ProcessId)));

        void CancelWhenComplete(CallExit call)
        {
            if (seen!.Processes.Count == 4)
                cancellation.Cancel();
        }
    }

    [Fact]
    public void An_exception_of_the_observer_ends_every_traced_process()
    {
        using var program = new CProgram("int main(void) { fork(); fork(); for (;;) { munmap(ANON(4096), 4096); usleep(100); } }");
        EventRecorder? seen = null;
        seen = new EventRecorder { AtExit = ThrowForTheFourth };

        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => TracedRun.Of(seen, program.Path));

        Assert.Equal("enough", thrown.Message);
        Assert.All(seen.Processes, process => Assert.False(IsChildOfThis(process.ProcessId)));

        void ThrowForTheFourth(CallExit call)
        {
            if (seen!.Processes.Count == 4 && call.Entry.ProcessId == seen.Processes[3].ProcessId)
                throw new InvalidOperationException("enough");
        }
    }

    [Fact]
    public async Task Runs_beside_each_other_and_beside_other_children_do_not_disturb_each_other()
    {
        Task<TraceResult>[] runs = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => TracedRun.Of(new EventRecorder(), "sh", "-c", $"ls / > /dev/null; sh -c 'ls / > /dev/null'; exit {i}")))];
        for (int i = 0; i < 20; i++)
            Assert.Equal(3, CProgram.Run("/bin/sh", "-c", "exit 3").Status);

        TraceResult[] results = await Task.WhenAll(runs);
        Assert.Equal([0, 1, 2, 3], results.Select(result => result.Status.ExitCode));
    }

    private static void Kill(int process)
    {
        using var target = Process.GetProcessById(process);
        target.Kill();
    }

    private static bool IsChildOfThis(int process)
    {
        string status = $"/proc/{process}/status";
        return File.Exists(status) && File.ReadAllText(status).Contains($"\nPPid:\t{Environment.ProcessId}\n", StringComparison.Ordinal);
    }
}
