namespace PageShift.House;

/// <summary>Which namespace may use which, as a text says: a line for each, <c>namespace: those that it may use</c>. A line that begins with <c>#</c> is a remark.</summary>
public sealed class Arrows
{
    private readonly Dictionary<string, HashSet<string>> _used = [];

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">A line is no arrow, or names a namespace that has no line of its own.</exception>
    public Arrows(string text)
    {
        foreach (string line in text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#'))
        {
            int colon = line.IndexOf(':');
            if (colon <= 0)
                throw new FormatException($"Found '{line}', expected 'namespace: namespaces'.");
            _used.Add(line.Substring(0, colon), [.. line.Substring(colon + 1).Split([' '], StringSplitOptions.RemoveEmptyEntries)]);
        }

        string? unknown = _used.Values.SelectMany(u => u).FirstOrDefault(u => !_used.ContainsKey(u));
        if (unknown is not null)
            throw new FormatException($"{unknown} is used, and has no line of its own.");
    }

    /// <summary>The namespaces that have a line.</summary>
    public IEnumerable<string> Namespaces => _used.Keys;

    /// <summary>What a namespace may use beside itself.</summary>
    public IEnumerable<string> UsedBy(string user) => _used[user];

    /// <summary>Whether a namespace has a line.</summary>
    public bool Knows(string name) => _used.ContainsKey(name);

    /// <summary>Whether one namespace may use another.</summary>
    public bool Allow(string user, string used) => user == used || (_used.TryGetValue(user, out HashSet<string> all) && all.Contains(used));
}
