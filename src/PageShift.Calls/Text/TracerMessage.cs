namespace PageShift.Calls.Text;

/// <summary>What strace says itself: lines that begin with "strace: ", and what it says of processes, which old versions write without that, such as "Process 7413 attached (waiting for parent)".</summary>
internal static class TracerMessage
{
    private const int LongestProcessMessage = 80;

    public static ReadOnlySpan<byte> Prefix => "strace: "u8;

    private static ReadOnlySpan<byte> Process => "Process "u8;

    /// <summary>True when a text is a message and nothing else.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> text) => text.StartsWith(Prefix) || IsOfProcess(text);

    /// <summary>Where the message begins that stands at the end of another line; -1 for none.</summary>
    public static int FindAtEnd(ReadOnlySpan<byte> line)
    {
        if (line is not [.., (byte)'d' or (byte)')'] || !(line.EndsWith("ed"u8) || line.EndsWith("t)"u8) || line.EndsWith("y)"u8)))
            return -1;
        int start = line.LastIndexOf(Process);
        if (start <= 0 || line.Length - start > LongestProcessMessage || !IsOfProcess(line[start..]))
            return -1;
        return line[..start].EndsWith(Prefix) ? start - Prefix.Length : start;
    }

    private static bool IsOfProcess(ReadOnlySpan<byte> text)
    {
        var cursor = new LineCursor(text.TrimEnd((byte)'\r'));
        if (!cursor.TryTake(Process) || !cursor.TryTakeNumber("a thread id", out _))
            return false;
        ReadOnlySpan<byte> rest = cursor.Rest;
        return rest.SequenceEqual(" attached"u8) || rest.SequenceEqual(" attached (waiting for parent)"u8) || rest.SequenceEqual(" suspended"u8) || rest.SequenceEqual(" resumed"u8) || rest.SequenceEqual(" detached"u8)
            || rest.StartsWith(" resumed (parent "u8);
    }
}
