using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>Tables taken before a move begins, so that it can't fail half-way. Chained through their own first entries: no memory of its own.</summary>
internal struct TableReserve
{
    private readonly PhysicalMemory _memory;
    private FrameNumber _first;

    internal TableReserve(PhysicalMemory memory) => _memory = memory;

    /// <summary>Takes <paramref name="count"/> tables; false, with none taken, when memory is out.</summary>
    internal bool TryFill(ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            if (!_memory.TryAllocateTable(out FrameNumber table))
            {
                Drain();
                return false;
            }

            _memory.Entry(table, 0) = new PageTableEntry(_first.Value);
            _first = table;
        }

        return true;
    }

    /// <summary>Hands out one table, all entries none.</summary>
    /// <exception cref="InvalidOperationException">The plan asked for too few: a fault of the planner.</exception>
    internal FrameNumber Take()
    {
        if (_first.IsNone)
            throw new InvalidOperationException("The move needs more tables than its plan said.");
        FrameNumber table = _first;
        ref PageTableEntry link = ref _memory.Entry(table, 0);
        _first = new FrameNumber(link.Value);
        link = PageTableEntry.None;
        return table;
    }

    /// <summary>Gives back what was not used; returns how many.</summary>
    internal ulong Drain()
    {
        ulong count = 0;
        while (!_first.IsNone)
        {
            _memory.FreeTable(Take());
            count++;
        }

        return count;
    }
}
