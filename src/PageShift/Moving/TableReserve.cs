using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>Tables taken before a move begins, so that it can't fail half-way. Needs no memory of its own.</summary>
internal struct TableReserve
{
    private readonly PhysicalMemory _memory;
    private FrameNumber _first;

    internal TableReserve(PhysicalMemory memory) => _memory = memory;

    /// <summary>Takes <paramref name="count"/> tables; false, with none taken, when memory is out.</summary>
    internal bool TryFill(ulong count) => count == 0 || _memory.TryReserveTables(count, out _first);

    /// <summary>Hands out one table, all entries none.</summary>
    /// <exception cref="InvalidOperationException">The plan asked for too few: a fault of the planner.</exception>
    internal FrameNumber Take() => _first.IsNone
        ? throw new InvalidOperationException("The move needs more tables than its plan said.")
        : _memory.PopReserved(ref _first);

    /// <summary>Takes in a table that is no longer needed and has no live entry. It will be the next one handed out, while the processor's caches still hold it.</summary>
    internal void Return(FrameNumber table) => _memory.PushReserved(table, ref _first);

    /// <summary>Gives back what was not used; returns how many.</summary>
    internal ulong Drain() => _first.IsNone ? 0 : _memory.ReleaseReserve(ref _first);
}
