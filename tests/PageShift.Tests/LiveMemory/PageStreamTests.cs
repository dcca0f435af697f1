using CsCheck;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Tests.Model;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>The stream beside a <see cref="MemoryStream"/>.</summary>
public sealed class PageStreamTests
{
    private static readonly Gen<(int Operation, int First, int Second)[]> Steps = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20]).Array[1, 40];

    [Fact]
    public void Random_operations_give_the_same_as_a_memory_stream() => Steps.Sample(
        steps =>
        {
            foreach (IMemoryKernel kernel in (IMemoryKernel[])[SystemKernel.Instance, new PortableKernel()])
            {
                using var stream = new PageStream(new PageBuffer(0, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical }, kernel), leavesOpen: false);
                using var model = new MemoryStream();
                foreach ((int operation, int first, int second) in steps)
                {
                    Make(stream, model, operation, first, second);
                    Assert.Equal((model.Length, model.Position), (stream.Length, stream.Position));
                }

                Assert.Equal(model.ToArray(), stream.ToArray());
            }
        },
        iter: 150 * ModelRun.Factor);

    [Fact]
    public void Nothing_written_beyond_the_end_extends_it_as_in_a_memory_stream()
    {
        using var stream = new PageStream();
        using var model = new MemoryStream();
        foreach (Stream each in (Stream[])[stream, model])
        {
            each.Write([1, 2, 3]);
            each.Position = 5000;
            each.Write([]);
        }

        Assert.Equal(model.ToArray(), stream.ToArray());
        Assert.Equal(5000, stream.Position);
    }

    [Fact]
    public async Task Asynchronous_calls_and_copies_give_the_bytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        await using var stream = new PageStream(1000);
        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        stream.Position = 0;
        var copy = new MemoryStream();
        await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(bytes, copy.ToArray());
        stream.Position = 99_990;
        var rest = new byte[20];
        Assert.Equal(10, await stream.ReadAsync(rest, TestContext.Current.CancellationToken));
        copy.SetLength(0);
        stream.WriteTo(copy);
        Assert.Equal(bytes, copy.ToArray());
    }

    [Fact]
    public void Asynchronous_calls_fail_in_what_they_return()
    {
        var stream = new PageStream { Position = long.MaxValue };
        CancellationToken never = TestContext.Current.CancellationToken;
        Assert.True(stream.WriteAsync(new byte[1], never) is { IsFaulted: true });
        Assert.IsType<InsufficientMemoryException>(stream.WriteAsync(new byte[1], 0, 1, never).Exception?.InnerException);
        stream.Dispose();
        Assert.True(stream.ReadAsync(new byte[1], never) is { IsFaulted: true });
        Assert.IsType<ObjectDisposedException>(stream.ReadAsync(new byte[1], 0, 1, never).Exception?.InnerException);
    }

    [Fact]
    public void A_buffer_that_is_left_open_has_the_streams_bytes_and_zeroes_behind_them()
    {
        using var buffer = new PageBuffer(0);
        using (var stream = new PageStream(buffer, leavesOpen: true))
        {
            stream.Write(new byte[9000].Select(_ => (byte)1).ToArray());
            stream.SetLength(10);
        }

        Assert.Equal(buffer.PageSize, buffer.Length);
        Assert.Equal(10, buffer.AsSpan(0, buffer.PageSize).Count((byte)1));
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(50, 100)]
    [InlineData(100, 100)]
    [InlineData(150, 100)]
    [InlineData(3, 3 << 20)] // beyond the first capacity
    public void It_is_copied_as_a_memory_stream_is_also_to_itself_and_where_the_destination_fails(int position, int length)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];
        using var stream = new PageStream();
        using var model = new MemoryStream();
        foreach (Stream each in (Stream[])[stream, model])
        {
            each.Write(bytes);
            each.Position = position;
            each.CopyTo(each);
        }

        AssertSame(model, stream);
        stream.Position = model.Position = position;
        stream.WriteTo(stream);
        model.WriteTo(model);
        AssertSame(model, stream);
        foreach (Stream each in (Stream[])[stream, model])
        {
            each.Position = position;
            Assert.Throws<NotSupportedException>(() => each.CopyTo(new FullStream()));
        }

        AssertSame(model, stream);
    }

    [Fact]
    public async Task It_is_copied_asynchronously_to_itself_as_a_memory_stream_is()
    {
        CancellationToken never = TestContext.Current.CancellationToken;
        byte[] bytes = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i % 251))]; // more than Stream.CopyToAsync reads at a time
        await using var stream = new PageStream();
        await using var model = new MemoryStream();
        foreach (Stream each in (Stream[])[stream, model])
        {
            each.Write(bytes);
            each.Position = 5;
            await each.CopyToAsync(each, never);
        }

        AssertSame(model, stream);
        stream.Position = 0;
        Assert.True(stream.CopyToAsync(stream, new CancellationToken(canceled: true)) is { IsCanceled: true });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = stream.CopyToAsync(stream, -1, never); });
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { _ = stream.CopyToAsync(stream, never); });
    }

    [Fact]
    public void It_closes_under_a_lease_and_leaves_zeroes_behind_its_bytes()
    {
        using var buffer = new PageBuffer(0);
        var stream = new PageStream(buffer, leavesOpen: true);
        stream.Write(new byte[100_000].Select(_ => (byte)1).ToArray());
        stream.SetLength(10);
        long before = buffer.Length;
        using (buffer.Lease())
            stream.Dispose();

        Assert.False(stream.CanRead);
        Assert.Equal(before, buffer.Length);
        Assert.Equal(10, buffer.AsSpan(0, (int)before).Count((byte)1));
    }

    [Fact]
    public void It_closes_after_the_buffer_that_it_leaves_open()
    {
        var buffer = new PageBuffer(0);
        var stream = new PageStream(buffer, leavesOpen: true);
        stream.Write([1]);
        buffer.Dispose();
        stream.Dispose();
        Assert.False(stream.CanRead);
    }

    [Fact]
    public void What_is_beyond_the_largest_position_or_array_is_refused()
    {
        using var stream = new PageStream();
        stream.Position = 5;
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(long.MaxValue, SeekOrigin.Current));
        Assert.Equal(long.MaxValue, stream.Seek(long.MaxValue, SeekOrigin.Begin));
        try
        {
            stream.SetLength(Array.MaxLength + 1L); // takes no memory, but may count as committed
        }
        catch (InsufficientMemoryException shortage)
        {
            Assert.Skip(shortage.Message);
        }

        Assert.Throws<OverflowException>(stream.ToArray);
    }

    [Fact]
    public void A_closed_stream_refuses()
    {
        var stream = new PageStream();
        stream.Dispose();
        Assert.False(stream.CanRead || stream.CanWrite || stream.CanSeek);
        Assert.Throws<ObjectDisposedException>(() => stream.Length);
        Assert.Throws<ObjectDisposedException>(() => stream.WriteByte(1));
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        Assert.Throws<ObjectDisposedException>(() => stream.SetLength(1));
        Assert.Throws<ObjectDisposedException>(() => stream.Insert(0, 1));
    }

    private static void AssertSame(MemoryStream model, PageStream stream)
    {
        Assert.Equal((model.Length, model.Position), (stream.Length, stream.Position));
        Assert.True(model.ToArray().AsSpan().SequenceEqual(stream.ToArray()));
    }

    private static void Make(PageStream stream, MemoryStream model, int operation, int first, int second)
    {
        byte[] bytes = [.. Enumerable.Range(first, second % 9000).Select(i => (byte)i)];
        int page = Environment.SystemPageSize;
        var length = (int)model.Length;
        switch (operation)
        {
            case 0 or 1:
                stream.Write(bytes);
                model.Write(bytes);
                break;
            case 2:
                stream.WriteByte((byte)first);
                model.WriteByte((byte)first);
                break;
            case 3:
                var found = new byte[second % 9000];
                var expected = new byte[found.Length];
                Assert.Equal(model.Read(expected), stream.Read(found));
                Assert.Equal(expected, found);
                Assert.Equal(model.ReadByte(), stream.ReadByte());
                break;
            case 4:
                Assert.Equal(model.Seek(first % 50_000, SeekOrigin.Begin), stream.Seek(first % 50_000, SeekOrigin.Begin));
                break;
            case 5:
                stream.SetLength(first % 40_000);
                model.SetLength(first % 40_000);
                break;
            case 6:
                int inserted = second % 2 == 0 ? second % 4 * page : second % 5000;
                stream.Insert(first % (length + 1), inserted);
                Splice(model, first % (length + 1), 0, inserted);
                break;
            case 7:
                int at = first % (length + 1);
                int removed = Math.Min(second % 2 == 0 ? second % 4 * page : second % 5000, length - at);
                stream.Remove(at, removed);
                Splice(model, at, removed, 0);
                break;
            case 8:
                stream.TrimExcess();
                break;
            default:
                Assert.Equal(model.ToArray().AsSpan(length / 3, length / 2), stream.GetSpan(length / 3, length / 2));
                break;
        }
    }

    private static void Splice(MemoryStream model, int at, int removed, int inserted)
    {
        byte[] bytes = model.ToArray();
        long position = model.Position;
        model.SetLength(0);
        model.Write([.. bytes[..at], .. new byte[inserted], .. bytes[(at + removed)..]]);
        model.Position = position;
    }

    /// <summary>A stream without room.</summary>
    private sealed class FullStream() : MemoryStream(Array.Empty<byte>());
}
