using System.Globalization;

namespace PageShift.Linux.Tracing;

/// <summary>What /proc says of a thread: the process that it belongs to, and that one's parent.</summary>
internal readonly record struct TaskIdentity(int Process, int Parent)
{
    /// <summary>Reads the identity of <paramref name="thread"/>; false when it has ended.</summary>
    public static bool TryRead(int thread, out TaskIdentity identity)
    {
        identity = default;
        try
        {
            foreach (string line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{thread}/status")))
            {
                if (line.StartsWith("Tgid:", StringComparison.Ordinal))
                    identity = identity with { Process = Value(line) };
                else if (line.StartsWith("PPid:", StringComparison.Ordinal))
                    return (identity = identity with { Parent = Value(line) }).Process != 0;
            }
        }
        catch (IOException)
        {
            // The thread ended, before the file was opened or while it was read.
        }

        return false;
    }

    private static int Value(ReadOnlySpan<char> line) => int.Parse(line[(line.IndexOf(':') + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
}
