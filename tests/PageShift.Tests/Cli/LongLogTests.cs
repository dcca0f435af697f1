using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Logs that are longer than memory is to be.</summary>
public sealed class LongLogTests
{
    private const int MostGrowth = 16 << 20;
    private const int Megabytes = 12;

    private static readonly byte[] Block = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 256).Select(i => string.Create(CultureInfo.InvariantCulture, $"""
        4242 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000
        4242 mremap(0x7f0000000000, 65536, 131072, MREMAP_MAYMOVE) = 0x7f0001{i:x3}000
        4242 munmap(0x7f0001{i:x3}000, 131072) = 0

        """))));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task Memory_does_not_grow_with_the_log(string format)
    {
        using Process process = Tool.Start("run", "-", "--format", format);
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
        Feed(process, 3);
        long early = PeakMemory(process);
        Feed(process, Megabytes - 3);
        long late = PeakMemory(process);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(0, process.ExitCode);
        Assert.True(await output > 0);
        Assert.DoesNotContain("Exception", await error);
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
        using Process process = Tool.Start("run", "-");
        Task<long> output = CountBytes(process.StandardOutput.BaseStream);
        Task<string?> progress = process.StandardError.ReadLineAsync(Cancellation).AsTask();
        var watch = Stopwatch.StartNew();
        while (!progress.IsCompleted && watch.Elapsed < TimeSpan.FromSeconds(60))
            process.StandardInput.BaseStream.Write(Block);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);

        Assert.Matches("^pageshift: [0-9]+ MiB read, [0-9]+ calls, [0-9]+ moves$", await progress);
        Assert.True(await output > 0);
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
