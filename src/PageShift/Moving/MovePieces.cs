using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>Cuts a run into pieces that stay within one source table and one destination table, in the order in which they move.</summary>
internal ref struct MovePieces
{
    private readonly ulong _tableSpan;
    private readonly ulong _delta;
    private readonly int _shift;
    private readonly bool _descending;
    private ulong _from;
    private ulong _to;

    internal MovePieces(in MoveRun run, PagingGeometry geometry, bool descending)
    {
        _tableSpan = geometry.TableSpan(run.Level);
        _delta = unchecked(run.Destination.Value - run.Source.Value);
        _shift = geometry.SpanShift(run.Level);
        _descending = descending;
        _from = run.Source.Value;
        _to = _from + (run.Slots << _shift);
    }

    internal bool TryNext(out ulong source, out int slots)
    {
        source = _from;
        slots = 0;
        if (_from == _to)
            return false;
        ulong mask = _tableSpan - 1;
        ulong bytes = _to - _from;
        if (_descending)
        {
            bytes = Math.Min(bytes, ((_to - 1) & mask) + 1);
            bytes = Math.Min(bytes, (unchecked(_to + _delta - 1) & mask) + 1);
            _to -= bytes;
            source = _to;
        }
        else
        {
            bytes = Math.Min(bytes, _tableSpan - (_from & mask));
            bytes = Math.Min(bytes, _tableSpan - (unchecked(_from + _delta) & mask));
            _from += bytes;
        }

        slots = (int)(bytes >> _shift);
        return true;
    }
}
