using System.Globalization;

namespace PageShift.Linux.Processes;

/// <summary>The names of code that a process has compiled as it ran, from the file in which it lists them: <c>/tmp/perf-PID.map</c>, a line for each function with its address, its length
/// and its name. .NET writes it with <c>DOTNET_PerfMapEnabled=1</c>, Node.js with <c>--perf-basic-prof</c>, Java with <c>-XX:+DumpPerfMapAtExit</c> or an agent.
/// Source: <c>tools/perf/Documentation/jit-interface.txt</c>. Thread safety: none.</summary>
internal sealed class PerfMap(int process)
{
    // The later of two functions at one address counts: the runtime has used the place again.
    private readonly SortedList<ulong, (ulong End, string Name)> _functions = [];
    private long _read;

    /// <summary>True when the process has such a file.</summary>
    public bool Exists => Path is not null;

    /// <summary>The function at an address, or null.</summary>
    public string? NameOf(ulong address) => Find(address) ?? (ReadNew() ? Find(address) : null);

    // The process may have another root, and another number in it.
    private string? Path
    {
        get
        {
            string root = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/root");
            string inside = System.IO.Path.Join(root, string.Create(CultureInfo.InvariantCulture, $"tmp/perf-{InnerNumber()}.map"));
            string outside = string.Create(CultureInfo.InvariantCulture, $"/tmp/perf-{process}.map");
            return File.Exists(inside) ? inside : File.Exists(outside) ? outside : null;
        }
    }

    private string? Find(ulong address)
    {
        IList<ulong> starts = _functions.Keys;
        int low = 0, high = starts.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (starts[middle] <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && _functions.Values[low - 1] is { } found && address < found.End ? found.Name : null;
    }

    /// <summary>Reads what has been written to the file since; false when that is nothing.</summary>
    private bool ReadNew()
    {
        if (Path is not { } path)
            return false;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length <= _read)
                return false;
            stream.Position = _read;
            using var reader = new StreamReader(stream);
            string text = reader.ReadToEnd();
            int whole = text.LastIndexOf('\n') + 1; // a line may be only half written
            foreach (string line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Add(line);
            _read += System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, whole));
            return whole > 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Add(string line)
    {
        string[] words = line.Split(' ', 3);
        if (words.Length == 3 && TryHex(words[0], out ulong start) && TryHex(words[1], out ulong length))
            _functions[start] = (start + length, words[2]);
    }

    private static bool TryHex(string word, out ulong number) =>
        ulong.TryParse(word.StartsWith("0x", StringComparison.Ordinal) ? word.AsSpan(2) : word, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out number);

    private string InnerNumber()
    {
        const string Field = "NSpid:";
        try
        {
            string? line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")).FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
            return line?.Split('\t', StringSplitOptions.RemoveEmptyEntries)[^1].Trim() ?? process.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return process.ToString(CultureInfo.InvariantCulture);
        }
    }
}
