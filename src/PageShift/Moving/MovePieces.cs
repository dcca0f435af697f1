using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>Cuts a run into pieces that stay within one source table and one destination table, in the order in which they move.</summary>
internal ref struct MovePieces
{
    private readonly ByteLength _tableSpan;
    private readonly Displacement _displacement;
    private readonly int _shift;
    private readonly bool _descending;
    private VirtualAddress _from;
    private VirtualAddress _to;

    internal MovePieces(in MoveRun run, PagingGeometry geometry, bool descending)
    {
        _tableSpan = geometry.TableSpan(run.Level);
        _displacement = Displacement.Between(run.Source, run.Destination);
        _shift = geometry.SpanShift(run.Level);
        _descending = descending;
        _from = run.Source;
        _to = run.Source + run.Length(geometry);
    }

    internal bool TryNext(out VirtualAddress source, out int slots)
    {
        source = _from;
        slots = 0;
        if (_from == _to)
            return false;
        ByteLength bytes = _to - _from;
        if (_descending)
        {
            bytes = ByteLength.Min(bytes, DownToTable(_to));
            bytes = ByteLength.Min(bytes, DownToTable(_to + _displacement));
            _to -= bytes;
            source = _to;
        }
        else
        {
            bytes = ByteLength.Min(bytes, UpToTable(_from));
            bytes = ByteLength.Min(bytes, UpToTable(_from + _displacement));
            _from += bytes;
        }

        slots = (int)(bytes.Value >> _shift);
        return true;
    }

    /// <summary>From an address up to the end of the table that it is in.</summary>
    private readonly ByteLength UpToTable(VirtualAddress address) => address.AlignDown(_tableSpan) + _tableSpan - address;

    /// <summary>From an address down to the start of the table that the address before it is in.</summary>
    private readonly ByteLength DownToTable(VirtualAddress address) => address - (address - new ByteLength(1)).AlignDown(_tableSpan);
}
