using System.Text;
using PageShift.Calls;
using PageShift.Measurement.Workloads;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Noise that does not end is refused, whatever it looks like here and there.</summary>
public sealed class EndlessNoiseTests
{
    private const int Mebibytes = 80; // more than the reader looks at

    [Theory]
    [InlineData("", false)]
    [InlineData("V(1)\n", true)] // the shape of a call, of a name that no system call has
    [InlineData("?(1)\n", true)]
    public void It_is_refused(string between, bool lenient)
    {
        var reader = new CallLogReader(Noise(between), new CallLogOptions { FileName = "noise", Lenient = lenient });

        CallSyntaxException error = Assert.Throws<CallSyntaxException>(() => ReadAll(reader));

        Assert.True(error.IsOfWholeLog);
        Assert.Contains("found no system call in 64 MiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_with_much_noise_in_it_is_read()
    {
        var reader = new CallLogReader(Noise("munmap(0x1000, 4096) = 0\n"), new CallLogOptions { FileName = "noise" });

        Assert.Equal(Mebibytes, ReadAll(reader));
    }

    private static int ReadAll(CallLogReader reader)
    {
        int records = 0;
        while (reader.TryRead(out _))
            records++;
        return records;
    }

    /// <summary>A mebibyte of words, and what stands between, again and again.</summary>
    private static RepeatingStream Noise(string between)
    {
        string words = string.Concat(Enumerable.Repeat(string.Concat(Enumerable.Repeat("words and words ", 64)) + '\n', 1024));
        return new RepeatingStream(Encoding.ASCII.GetBytes(between + words), Mebibytes);
    }
}
