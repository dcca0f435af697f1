using System.Buffers.Text;
using System.Text;

namespace PageShift.Linux.Timing;

/// <summary>The names of the kernel's functions at some addresses. Source: /proc/kallsyms.</summary>
internal sealed class KernelSymbols
{
    private readonly Dictionary<ulong, string> _names = [];

    private KernelSymbols()
    {
    }

    /// <summary>Reads the names; null where the kernel shows no addresses to this user.</summary>
    public static KernelSymbols? TryRead(IEnumerable<ulong> addresses)
    {
        byte[] text;
        try
        {
            text = File.ReadAllBytes("/proc/kallsyms");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return Parse(text, addresses);
    }

    /// <summary>Finds the names in the file's text: an address, a kind and a name on each line.</summary>
    internal static KernelSymbols? Parse(ReadOnlySpan<byte> text, IEnumerable<ulong> addresses)
    {
        var starts = new List<ulong>();
        var lines = new List<int>();
        for (int at = 0; at < text.Length;)
        {
            ReadOnlySpan<byte> rest = text[at..];
            int length = rest.IndexOf((byte)'\n');
            length = length < 0 ? rest.Length : length;
            if (Utf8Parser.TryParse(rest[..length], out ulong start, out int digits, 'x') && start != 0 && digits + 3 < length && rest[digits + 1] is (byte)'t' or (byte)'T' or (byte)'w' or (byte)'W')
            {
                starts.Add(start);
                lines.Add(at + digits + 3);
            }

            at += length + 1;
        }

        if (starts.Count == 0)
            return null;
        ulong[] sorted = [.. starts];
        int[] names = [.. lines];
        Array.Sort(sorted, names);
        var symbols = new KernelSymbols();
        foreach (ulong address in addresses.Distinct())
        {
            int index = Array.BinarySearch(sorted, address);
            index = index < 0 ? ~index - 1 : index;
            if (index >= 0)
                symbols._names[address] = NameAt(text[names[index]..]);
        }

        return symbols;
    }

    /// <summary>The function that an address is in; null when there is none.</summary>
    public string? NameOf(ulong address) => _names.GetValueOrDefault(address);

    private static string NameAt(ReadOnlySpan<byte> line)
    {
        int end = line.IndexOfAny((byte)'\n', (byte)'\t', (byte)' ');
        return Encoding.ASCII.GetString(end < 0 ? line : line[..end]);
    }
}
