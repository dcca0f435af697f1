using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Logs that are longer than memory is to be.</summary>
public sealed class LongLogTests
{
    private const int MostGrowth = 16 << 20;
    private const int Megabytes = 12;

    // All that may be alive at a time, and what the collector has not yet looked at. Kept of every call, one object of the smallest kind would be 4 MiB at the end; a record would be 30.
    private const string HeapLimit = "DOTNET_GCHeapHardLimit=0x1000000";

    // As if the third-level cache had 410 MiB: the runtime makes 5/8 of it the size of its youngest generation.
    private const string HugeCache = "DOTNET_GCgen0size=0x10000000";

    private static readonly byte[] Block = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 256).Select(i => string.Create(CultureInfo.InvariantCulture, $"""
        4242 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000
        4242 mremap(0x7f0000000000, 65536, 131072, MREMAP_MAYMOVE) = 0x7f0001{i:x3}000
        4242 munmap(0x7f0001{i:x3}000, 131072) = 0

        """))));

    // What a build or a server does: files, forks, threads, programs that are executed, and moves. It ends as it begins.
    private static readonly byte[] ManyKinds = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 64).Select(i => string.Create(CultureInfo.InvariantCulture, $"""
        4242 openat(AT_FDCWD, "/usr/lib/lib{i}.so", O_RDONLY|O_CLOEXEC) = 3
        4242 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3, 0) = 0x7f0010000000
        4242 mmap(0x7f0010004000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, 3, 0x2000) = 0x7f0010004000
        4242 close(3)                          = 0
        4242 munmap(0x7f0010000000, 65536)     = 0
        4242 memfd_create("{i}", MFD_CLOEXEC)  = 3
        4242 ftruncate(3, 1048576)             = 0
        4242 mmap(NULL, 1048576, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7f0020000000
        4242 close(3)                          = 0
        4242 munmap(0x7f0020000000, 1048576)   = 0
        4242 mmap(NULL, 4194304, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000
        4242 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD) = {5000 + i}
        {5000 + i} mremap(0x7f0000000000, 4194304, 8388608, MREMAP_MAYMOVE) = 0x7f0030000000
        {5000 + i} execve("/bin/true", ["true"], 0x7ffd00000000 /* 9 vars */) = 0
        {5000 + i} brk(NULL)                    = 0x55d000000000
        {5000 + i} exit_group(0)                = ?
        {5000 + i} +++ exited with 0 +++
        4242 clone(child_stack=0x7f00003ffff0, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM) = {6000 + i}
        {6000 + i} mremap(0x7f0000000000, 4194304, 4194304, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f0040200000) = 0x7f0040200000
        {6000 + i} munmap(0x7f0040200000, 4194304 <unfinished ...>
        4242 getpid()                          = 4242
        {6000 + i} <... munmap resumed>)        = 0
        {6000 + i} exit(0)                      = ?
        {6000 + i} +++ exited with 0 +++

        """))));

    public static TheoryData<string, string> Logs => new() { { "moves", "text" }, { "moves", "json" }, { "many kinds", "text" } };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Logs))]
    public async Task What_is_alive_does_not_grow_with_the_log(string log, string format)
    {
        using Process process = Tool.StartUnder([HeapLimit], ["run", "-", "--format", format]);
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        Feed(process, BlockOf(log), Megabytes);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal((0, ""), (process.ExitCode, await error));
        Assert.True(await output > 0);
    }

    [Theory]
    [InlineData("moves")]
    [InlineData("many kinds")]
    public void No_frame_is_left_of_what_the_log_has_unmapped(string log)
    {
        byte[] block = BlockOf(log);
        int lines = block.Count(letter => letter == '\n');
        var reader = new CallLogReader(new MemoryStream([.. Enumerable.Repeat(block, 8).SelectMany(block => block)]), new CallLogOptions { Strict = true });
        using var executor = new LogExecutor(new LogExecutorOptions { Verify = true }, new NothingObserved());
        var frames = new List<(ulong Data, ulong Tables)>();
        while (reader.TryRead(out CallRecord record))
        {
            Assert.Null(executor.Execute(record).Divergence);
            if (record.Line % lines == 0)
                frames.Add((executor.Memory.DataFrames, executor.Memory.TableFrames));
        }

        Assert.Equal(8, frames.Count);
        Assert.Equal([frames[0]], frames.Distinct());
        Assert.Equal(0UL, frames[0].Data);
        Assert.Equal(0, executor.Statistics.InferredMappings);
    }

    [Theory]
    [MemberData(nameof(Logs))]
    public async Task The_process_stays_small_however_large_the_caches_are(string log, string format)
    {
        using Process process = Tool.StartUnder([HugeCache], ["run", "-", "--format", format]);
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        Feed(process, BlockOf(log), 3);
        long early = PeakMemory(process);
        Feed(process, BlockOf(log), Megabytes - 3);
        long late = PeakMemory(process);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal((0, ""), (process.ExitCode, await error));
        Assert.True(await output > 0);
        Assert.True(late - early < MostGrowth, $"grew from {early >> 10} to {late >> 10} KiB");
    }

    [Fact]
    public void Every_move_of_a_long_log_is_in_the_json_once_and_in_order()
    {
        string text = string.Concat(Enumerable.Repeat(Encoding.ASCII.GetString(Block), 4));

        JsonElement run = Tool.RunToJson(text);

        Assert.Equal(
            Enumerable.Range(0, 4 * 256).Select(i => (3L * i) + 2),
            run.GetProperty("moves").EnumerateArray().Select(m => m.GetProperty("line").GetInt64()));
        Assert.Equal(4 * 256 * 3, run.GetProperty("calls").GetInt32());
    }

    [Fact]
    public async Task A_run_that_takes_long_says_how_far_it_is_on_standard_error()
    {
        using Process process = Tool.StartWithProgress("run", "-");
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string?> progress = process.StandardError.ReadLineAsync(Cancellation).AsTask();
        while (!progress.IsCompleted)
            process.StandardInput.BaseStream.Write(Block);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);

        Assert.Matches("^pageshift: [0-9]+ MiB read, [0-9]+ calls, [0-9]+ moves$", await progress);
        Assert.True(await output > 0);
    }

    private sealed class NothingObserved : ILogObserver
    {
        public void OnMove(in CallRecord record, MoveObservation move)
        {
        }
    }

    private static byte[] BlockOf(string log) => log == "moves" ? Block : ManyKinds;

    private static void Feed(Process process, byte[] block, int megabytes)
    {
        for (int written = 0; written < megabytes << 20; written += block.Length)
            process.StandardInput.BaseStream.Write(block);
        process.StandardInput.BaseStream.Flush();
    }

    private static long PeakMemory(Process process)
    {
        process.Refresh();
        return process.PeakWorkingSet64;
    }

    private static async Task<long> CountBytes(Stream stream)
    {
        byte[] buffer = new byte[1 << 16];
        long count = 0;
        int read;
        while ((read = await stream.ReadAsync(buffer, Cancellation)) > 0)
            count += read;
        return count;
    }
}
