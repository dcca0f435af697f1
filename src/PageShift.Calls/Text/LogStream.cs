using System.IO.Compression;
using System.Text;
using ZstdSharp;

namespace PageShift.Calls.Text;

/// <summary>A log's bytes as UTF-8, whatever they are packed in: gzip or Zstandard, found by the first bytes and not by a name, and UTF-16, with or without a byte order mark.</summary>
/// <remarks>.NET tells that gzip ends too early only where the switch System.IO.Compression.UseStrictValidation is on, as it is in the tool.</remarks>
internal sealed class LogStream(Stream inner)
{
    private const int HeadLength = 4;

    /// <summary>How many times something may be packed in something.</summary>
    private const int MostLayers = 4;

    private Stream? _text;

    /// <summary>Reads on. 0 at the end.</summary>
    /// <exception cref="InvalidDataException">What is packed is damaged, or ends too early.</exception>
    public int Read(Span<byte> buffer)
    {
        try
        {
            return (_text ??= Unpack(inner)).Read(buffer);
        }
        catch (Exception error) when (error is ZstdException or EndOfStreamException)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }

    private static Stream Unpack(Stream packed)
    {
        for (int layer = 0; layer < MostLayers; layer++)
        {
            byte[] head = new byte[HeadLength];
            head = head[..packed.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false)];
            var whole = new HeadedStream(head, packed);
            if (head is [0x1f, 0x8b, ..])
                packed = new GZipStream(whole, CompressionMode.Decompress, leaveOpen: true);
            else if (head is [0x28, 0xb5, 0x2f, 0xfd])
                packed = new DecompressionStream(whole, leaveOpen: true);
            else
                return EncodingOf(head) is { } encoding ? Encoding.CreateTranscodingStream(whole, encoding, new UTF8Encoding(false), leaveOpen: true) : whole;
        }

        throw new InvalidDataException("It is packed too many times.");
    }

    private static UnicodeEncoding? EncodingOf(byte[] head) => head switch
    {
        [0xff, 0xfe, ..] or [not 0, 0, not 0, 0] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false),
        [0xfe, 0xff, ..] or [0, not 0, 0, not 0] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false),
        _ => null,
    };

    /// <summary>A stream whose first bytes have been read already.</summary>
    private sealed class HeadedStream(byte[] head, Stream rest) : Stream
    {
        private int _taken;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_taken == head.Length)
                return rest.Read(buffer);
            int count = Math.Min(buffer.Length, head.Length - _taken);
            head.AsSpan(_taken, count).CopyTo(buffer);
            _taken += count;
            return count;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
