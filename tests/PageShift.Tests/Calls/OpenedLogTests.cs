using PageShift.Abi;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Logs that the reader opens itself.</summary>
public sealed class OpenedLogTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"pageshift-{Guid.NewGuid():n}.strace");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void A_log_is_read_from_a_path_and_closed_with_its_reader()
    {
        File.WriteAllText(_file, "munmap(0x1000, 4096) = 0\n");
        using (var reader = CallLogReader.Open(_file))
        {
            Assert.True(reader.TryRead(out CallRecord record));
            Assert.Equal(SystemCallNumber.Unmap, record.Call.Number);
            Assert.False(reader.TryRead(out _));
        }

        using FileStream own = File.Open(_file, FileMode.Open, FileAccess.ReadWrite, FileShare.None); // which an open reader would forbid
        Assert.NotEqual(0, own.Length);
    }

    [Fact]
    public void An_error_names_the_path()
    {
        File.WriteAllText(_file, "munmap(0x1000\n");
        using var reader = CallLogReader.Open(_file);

        CallSyntaxException error = Assert.Throws<CallSyntaxException>(() => reader.TryRead(out _));

        Assert.Equal((_file, 1L), (error.Error.File, error.Error.Line));
    }

    [Fact]
    public void A_lenient_reader_counts_what_it_cannot_read()
    {
        File.WriteAllText(_file, "munmap(0x1000\nmunmap(0x1000, 4096) = 0\n");
        using var reader = CallLogReader.Open(_file, lenient: true);

        Assert.True(reader.TryRead(out _));
        Assert.Single(reader.Warnings);
    }

    [Fact]
    public void A_stream_that_was_given_stays_open()
    {
        using var stream = new MemoryStream("munmap(0x1000, 4096) = 0\n"u8.ToArray());
        new CallLogReader(stream, new CallLogOptions()).Dispose();

        Assert.True(stream.CanRead);
    }
}
