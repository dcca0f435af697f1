using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.ForeignMmu;

/// <summary>How many accesses of each sort were compared: random spaces are worth building only if they reach what they are for.</summary>
internal sealed class WalkTotals
{
    private readonly SortedDictionary<string, long> _counts = [];

    internal long this[string sort] => _counts.GetValueOrDefault(sort);

    internal void Count(AccessKind kind, in AccessOutcome outcome, PageTableTree tables, VirtualAddress address)
    {
        Add(outcome.IsDone ? $"{kind} at {tables.Walk(address).Level}" : outcome.Vector == 14 ? $"{kind} error 0x{outcome.Error:x}" : $"{kind} vector {outcome.Vector}");
    }

    internal void AddAll(WalkTotals other)
    {
        foreach ((string sort, long count) in other._counts)
            _counts[sort] = this[sort] + count;
    }

    public override string ToString() => string.Join('\n', _counts.Select(pair => $"{pair.Key}: {pair.Value}"));

    private void Add(string sort) => _counts[sort] = this[sort] + 1;
}
