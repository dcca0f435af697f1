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

    // A hundredth of all chains is not worth the rest of the text.
    private const int ChainsForOne = 100;

    private readonly Dictionary<ulong, string> _names = [];
    private readonly ulong[] _wanted;

    // For each wanted address the function that begins nearest below it, above the wanted address before.
    private readonly ulong[] _starts;
    private readonly byte[] _found;
    private readonly int[] _lengths;

    // By the wanted addresses the chains that they are in; and how often those came of which no name tells enough yet.
    private readonly Dictionary<ulong, List<int>> _chains = [];
    private readonly long[] _undecided;
    private readonly long _most;
    private readonly Func<string, bool> _tells;

    // The functions are in ascending order, so that a wanted address is passed when one follows that begins above it.
    private ulong _last;
    private int _passed;
    private long _left;
    private bool _isSorted = true;
    private bool _isAny;
    private bool _isHidden;

    private KernelSymbols(IReadOnlyCollection<(IEnumerable<ulong> Addresses, long Count)> chains, Func<string, bool> tells)
    {
        _wanted = [.. chains.SelectMany(c => c.Addresses).Distinct().Order()];
        _starts = new ulong[_wanted.Length];
        _found = new byte[_wanted.Length * LongestName];
        _lengths = new int[_wanted.Length];
        _tells = tells;
        _undecided = [.. chains.Select(c => c.Count)];
        _left = _undecided.Sum();
        _most = _left / ChainsForOne;
        foreach ((int index, (IEnumerable<ulong> addresses, _)) in chains.Index())
        {
            foreach (ulong address in addresses.Distinct())
            {
                if (!_chains.TryGetValue(address, out List<int>? with))
                    _chains[address] = with = [];
                with.Add(index);
            }
        }
    }

    private bool IsEnough => _isHidden || (_isAny && _isSorted && _left <= _most);

    /// <summary>Reads the names of the addresses in some chains of calls; null where the kernel shows no addresses to this user.</summary>
    /// <param name="chains">The addresses, and how often each chain came.</param>
    /// <param name="tells">True for a name that says enough of its chain. When 99 of 100 have one, the rest is not read, and has no name.</param>
    public static KernelSymbols? TryRead(IReadOnlyCollection<(IEnumerable<ulong> Addresses, long Count)> chains, Func<string, bool> tells)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle("/proc/kallsyms");
            long position = 0;
            return Read(new KernelSymbols(chains, tells), buffer =>
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
    internal static KernelSymbols? Parse(ReadOnlyMemory<byte> text, IReadOnlyCollection<(IEnumerable<ulong> Addresses, long Count)> chains, Func<string, bool> tells) => Read(new KernelSymbols(chains, tells), buffer =>
    {
        int length = Math.Min(buffer.Length, text.Length);
        text.Span[..length].CopyTo(buffer);
        text = text[length..];
        return length;
    });

    /// <summary>The function that an address is in; null when there is none.</summary>
    public string? NameOf(ulong address) => _names.GetValueOrDefault(address);

    private static KernelSymbols? Read(KernelSymbols symbols, ReadBytes read)
    {
        var buffer = new byte[BufferBytes];
        int kept = 0;
        while (!symbols.IsEnough && read(buffer.AsSpan(kept)) is > 0 and var length)
        {
            int end = kept + length, at = 0;
            for (int line; (line = buffer.AsSpan(at, end - at).IndexOf((byte)'\n')) >= 0; at += line + 1)
                symbols.Take(buffer.AsSpan(at, line));
            kept = end - at;
            if (kept == buffer.Length)
                return null; // no such line is as long as this
            buffer.AsSpan(at, kept).CopyTo(buffer);
        }

        if (!symbols.IsEnough)
        {
            symbols.Take(buffer.AsSpan(0, kept));
            symbols._passed = symbols._wanted.Length;
        }

        return symbols.Named();
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        if (!Utf8Parser.TryParse(line, out ulong start, out int digits, 'x') || digits + 3 >= line.Length || line[digits + 1] is not ((byte)'t' or (byte)'T' or (byte)'w' or (byte)'W'))
            return;
        _isAny |= start != 0;
        _isHidden = !_isAny; // where the first is shown as zero, all are: to who may not see them
        Pass(start);
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

    /// <summary>Takes note of the addresses below a function: that they are in the one before it, and whether this is enough.</summary>
    private void Pass(ulong start)
    {
        _isSorted &= start >= _last;
        _last = start;
        for (; _passed < _wanted.Length && _wanted[_passed] < start; _passed++)
        {
            if (NearestTo(_passed) is not { } name || !_tells(name))
                continue;
            foreach (int chain in _chains[_wanted[_passed]])
            {
                _left -= _undecided[chain];
                _undecided[chain] = 0;
            }
        }
    }

    /// <summary>The function that begins nearest below a wanted address.</summary>
    private string? NearestTo(int index)
    {
        while (index >= 0 && _starts[index] == 0)
            index--;
        return index < 0 ? null : Encoding.ASCII.GetString(_found, index * LongestName, _lengths[index]);
    }

    private KernelSymbols? Named()
    {
        if (!_isAny)
            return null;
        for (int i = 0; i < _passed; i++)
        {
            if (NearestTo(i) is { } name)
                _names[_wanted[i]] = name;
        }

        return this;
    }

    /// <summary>Fills a buffer as far as there is something; 0 at the end.</summary>
    private delegate int ReadBytes(Span<byte> buffer);
}
