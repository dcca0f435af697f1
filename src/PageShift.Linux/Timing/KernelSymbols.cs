using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PageShift.Linux.Timing;

/// <summary>The names of the kernel's functions at some addresses. Source: /proc/kallsyms.</summary>
internal sealed class KernelSymbols
{
    // The kernel makes this text as it is read: some 5 MB, of which nothing is kept but the names asked for.
    private const int BufferBytes = 1 << 16;

    // The longest name with its end. Source: include/linux/kallsyms.h, KSYM_NAME_LEN.
    private const int LongestName = 512;

    private readonly Dictionary<ulong, string> _names = [];
    private readonly ulong[] _wanted;

    // For each wanted address the function that begins nearest below it, above the wanted address before.
    private readonly ulong[] _starts;
    private readonly byte[] _found;
    private readonly int[] _lengths;
    private bool _isAny;
    private bool _isHidden;

    private KernelSymbols(IEnumerable<ulong> addresses)
    {
        _wanted = [.. addresses.Distinct().Order()];
        _starts = new ulong[_wanted.Length];
        _found = new byte[_wanted.Length * LongestName];
        _lengths = new int[_wanted.Length];
    }

    /// <summary>Reads the names; null where the kernel shows no addresses to this user.</summary>
    public static KernelSymbols? TryRead(IEnumerable<ulong> addresses)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle("/proc/kallsyms");
            long position = 0;
            return Read(addresses, buffer =>
            {
                int read = RandomAccess.Read(file, buffer, position);
                position += read;
                return read;
            });
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Finds the names in the file's text: an address, a kind and a name on each line. Null when it shows no addresses.</summary>
    internal static KernelSymbols? Parse(ReadOnlyMemory<byte> text, IEnumerable<ulong> addresses) => Read(addresses, buffer =>
    {
        int length = Math.Min(buffer.Length, text.Length);
        text.Span[..length].CopyTo(buffer);
        text = text[length..];
        return length;
    });

    /// <summary>The function that an address is in; null when there is none.</summary>
    public string? NameOf(ulong address) => _names.GetValueOrDefault(address);

    private static KernelSymbols? Read(IEnumerable<ulong> addresses, ReadBytes read)
    {
        var symbols = new KernelSymbols(addresses);
        var buffer = new byte[BufferBytes];
        int kept = 0;
        while (!symbols._isHidden && read(buffer.AsSpan(kept)) is > 0 and var length)
        {
            int end = kept + length, at = 0;
            for (int line; (line = buffer.AsSpan(at, end - at).IndexOf((byte)'\n')) >= 0; at += line + 1)
                symbols.Take(buffer.AsSpan(at, line));
            kept = end - at;
            if (kept == buffer.Length)
                return null; // no such line is as long as this
            buffer.AsSpan(at, kept).CopyTo(buffer);
        }

        symbols.Take(buffer.AsSpan(0, kept));
        return symbols.Named();
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        if (!Utf8Parser.TryParse(line, out ulong start, out int digits, 'x') || digits + 3 >= line.Length || line[digits + 1] is not ((byte)'t' or (byte)'T' or (byte)'w' or (byte)'W'))
            return;
        _isAny |= start != 0;
        _isHidden = !_isAny; // where the first is shown as zero, all are: to who may not see them
        int index = Array.BinarySearch(_wanted, start);
        index = index < 0 ? ~index : index;
        if (index == _wanted.Length || _starts[index] >= start)
            return; // of several names of a function, the first
        ReadOnlySpan<byte> name = line[(digits + 3)..];
        int end = name.IndexOfAny((byte)'\t', (byte)' ');
        _starts[index] = start;
        _lengths[index] = Math.Min(end < 0 ? name.Length : end, LongestName);
        name[.._lengths[index]].CopyTo(_found.AsSpan(index * LongestName));
    }

    private KernelSymbols? Named()
    {
        if (!_isAny)
            return null;
        string? nearest = null;
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (_starts[i] != 0)
                nearest = Encoding.ASCII.GetString(_found, i * LongestName, _lengths[i]);
            if (nearest is not null)
                _names[_wanted[i]] = nearest;
        }

        return this;
    }

    /// <summary>Fills a buffer as far as there is something; 0 at the end.</summary>
    private delegate int ReadBytes(Span<byte> buffer);
}
