using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Physical;
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

    private const int CallsOfBlock = 3 * 256;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task What_is_alive_does_not_grow_with_the_log(string format)
    {
        using Process process = Tool.StartUnder([HeapLimit], ["run", "-", "--format", format]);
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        Feed(process, Megabytes);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal((0, ""), (process.ExitCode, await error));
        Assert.True(await output > 0);
    }

    [Fact]
    public void No_frame_is_left_of_what_the_log_has_unmapped()
    {
        var reader = new CallLogReader(new MemoryStream([.. Enumerable.Repeat(Block, 8).SelectMany(block => block)]), new CallLogOptions { Strict = true });
        using var executor = new LogExecutor(new LogExecutorOptions(), new NothingObserved());
        var frames = new List<(ulong Data, ulong Tables)>();
        while (reader.TryRead(out CallRecord record))
        {
            Assert.Null(executor.Execute(record).Divergence);
            PhysicalMemory memory = executor.SpaceOf(record.ThreadId).Memory;
            if (record.Line % CallsOfBlock == 0)
                frames.Add((memory.DataFrames, memory.TableFrames));
        }

        Assert.Equal(8, frames.Count);
        Assert.Equal([frames[0]], frames.Distinct());
        Assert.Equal(0UL, frames[0].Data);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task The_process_stays_small_however_large_the_caches_are(string format)
    {
        using Process process = Tool.StartUnder([HugeCache], ["run", "-", "--format", format]);
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        Feed(process, 3);
        long early = PeakMemory(process);
        Feed(process, Megabytes - 3);
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
        string log = Encoding.ASCII.GetString(Block);
        string text = string.Concat(Enumerable.Repeat(log, 4));

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

    private static void Feed(Process process, int megabytes)
    {
        for (int written = 0; written < megabytes << 20; written += Block.Length)
            process.StandardInput.BaseStream.Write(Block);
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
