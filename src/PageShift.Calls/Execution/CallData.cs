namespace PageShift.Calls.Execution;

/// <summary>Bytes that a call gave back. One buffer, used again for each call.</summary>
public sealed class CallData
{
    /// <summary>The longest vector that mincore is given when a log names none; also the longest read.</summary>
    public const int VectorBytes = 32 << 10;

    private readonly byte[] _bytes = new byte[VectorBytes];

    /// <summary>How many bytes the last call gave.</summary>
    public int Length { get; set; }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Room for up to <see cref="VectorBytes"/> bytes.</summary>
    public Span<byte> Take(int length) => _bytes.AsSpan(0, length);
}
