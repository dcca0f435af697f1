using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PageShift.Cli.Output.Json;

/// <summary>A JSON object whose last member is an array that is written value by value, while the members before it are known only at the end.
/// A short array stays in memory; a long one goes to a temporary file, which is gone with this object.</summary>
internal sealed class JsonSpool : IDisposable
{
    private const int MostBuffered = 1 << 20;

    private readonly JsonWriterOptions _options;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private FileStream? _file;

    internal JsonSpool(string arrayName, bool isIndented = true)
    {
        _options = new JsonWriterOptions { Indented = isIndented };
        Array = new Utf8JsonWriter(_buffer, _options);
        Array.WriteStartObject();
        Array.WriteStartArray(arrayName);
    }

    /// <summary>Writes the array's values.</summary>
    internal Utf8JsonWriter Array { get; }

    public void Dispose()
    {
        Array.Dispose();
        _file?.Dispose();
    }

    /// <summary>Writes one value.</summary>
    internal void Add<T>(T value, JsonTypeInfo<T> type)
    {
        JsonSerializer.Serialize(Array, value, type);
        Settle();
    }

    /// <summary>To be called after each value that <see cref="Array"/> has written: bounds the memory.</summary>
    internal void Settle()
    {
        Array.Flush();
        if (_buffer.WrittenCount < MostBuffered)
            return;
        _file ??= OpenNameless();
        _file.Write(_buffer.WrittenSpan);
        _buffer.Clear();
    }

    /// <summary>A file that loses its name at once, so that nothing of it is left, however the process ends.</summary>
    private static FileStream OpenNameless()
    {
        string name = Path.GetTempFileName();
        try
        {
            return new FileStream(name, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            });
        }
        finally
        {
            File.Delete(name);
        }
    }

    /// <summary>Writes the whole object: the members of <paramref name="head"/>, at least one, and the array.</summary>
    internal void Finish<T>(Stream output, T head, JsonTypeInfo<T> type)
    {
        Array.WriteEndArray();
        Array.WriteEndObject();
        Array.Flush();
        var members = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(members, _options))
            JsonSerializer.Serialize(writer, head, type);

        // Two objects become one: the first without its "}" or "\n}", the second without its "{".
        output.Write(members.WrittenSpan[..^(_options.Indented ? 2 : 1)]);
        output.Write(","u8);
        if (_file is null)
        {
            output.Write(_buffer.WrittenSpan[1..]);
        }
        else
        {
            _file.Position = 1;
            _file.CopyTo(output);
            output.Write(_buffer.WrittenSpan);
        }

        output.Write("\n"u8);
        output.Flush();
    }
}
