using System.Buffers;
using Microsoft.IO;
using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Something that grows by appending.</summary>
public interface IGrowing : IDisposable
{
    /// <summary>Appends bytes.</summary>
    void Append(ReadOnlySpan<byte> bytes);
}

/// <summary>Ours, with nothing said of how large it will get.</summary>
internal sealed class GrowingPageList : IGrowing
{
    private readonly PageList<byte> _list = new();

    public void Append(ReadOnlySpan<byte> bytes) => _list.AddRange(bytes);

    public void Dispose() => _list.Dispose();
}

internal sealed class GrowingList : IGrowing
{
    private readonly List<byte> _list = [];

    public void Append(ReadOnlySpan<byte> bytes) => _list.AddRange(bytes);

    public void Dispose() => _list.Clear();
}

internal sealed class GrowingStream(Stream stream) : IGrowing
{
    /// <summary>A stream of pooled blocks, as its documentation makes it.</summary>
    internal static GrowingStream Recyclable() => new(new RecyclableMemoryStreamManager().GetStream());

    public void Append(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

    public void Dispose() => stream.Dispose();
}

internal sealed class GrowingBufferWriter : IGrowing
{
    private readonly ArrayBufferWriter<byte> _writer = new();

    public void Append(ReadOnlySpan<byte> bytes) => _writer.Write(bytes);

    public void Dispose()
    {
    }
}
