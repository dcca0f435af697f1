namespace PageShift.Cli.Files;

/// <summary>A file or a standard stream. What the system refuses is told with its name and the system's reason.</summary>
/// <param name="inner">The stream, which is closed with this one.</param>
/// <param name="name">What the user calls it.</param>
internal sealed class NamedStream(Stream inner, string name) : Stream
{
    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (Exception error) when (SystemReason.IsKnown(error))
        {
            throw new UsageException($"{name} can't be read: {SystemReason.Of(error)}");
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception error) when (SystemReason.IsKnown(error))
        {
            throw CannotWrite(error);
        }
    }

    public override void Flush()
    {
        try
        {
            inner.Flush();
        }
        catch (Exception error) when (SystemReason.IsKnown(error))
        {
            throw CannotWrite(error);
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => inner.SetLength(value);

    protected override void Dispose(bool disposing)
    {
        try
        {
            inner.Dispose();
        }
        catch (Exception error) when (SystemReason.IsKnown(error))
        {
            throw CannotWrite(error);
        }
    }

    private UsageException CannotWrite(Exception error) => new($"{name} can't be written: {SystemReason.Of(error)}");
}
