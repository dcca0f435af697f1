namespace PageShift.Cli.Files;

/// <summary>Standard output, whose failures are told like those of a file; and standard error, whose failures nobody can be told.</summary>
internal static class StandardStreams
{
    /// <summary>Makes <see cref="Console.Out"/> and <see cref="Console.Error"/> so. Where they are terminals, they stay as they are.</summary>
    internal static void Install()
    {
        if (Console.IsOutputRedirected)
            Console.SetOut(new StreamWriter(OpenOutput(), Console.Out.Encoding) { AutoFlush = true });
        if (Console.IsErrorRedirected)
            Console.SetError(new StreamWriter(new Unfailing(Console.OpenStandardError()), Console.Error.Encoding) { AutoFlush = true });
    }

    /// <summary>Opens standard output for bytes.</summary>
    internal static Stream OpenOutput() => new NamedStream(Console.OpenStandardOutput(), "standard output");

    /// <summary>Gives up what can't be written: the exit code has to do.</summary>
    private sealed class Unfailing(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            try
            {
                inner.Write(buffer, offset, count);
            }
            catch (Exception error) when (SystemReason.IsKnown(error))
            {
                // closed, or full as a disk can be
            }
        }
    }
}
