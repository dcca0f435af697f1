using System.Runtime.CompilerServices;

namespace PageShift.Physical;

/// <summary>Frames as page tables. One that is given back has no live entry and is therefore all zeroes: it goes to a pool, ready to be the next table. The pool is a chain through
/// the frames' states, and so is a reserve: tables that somebody has taken out, and not used yet.</summary>
public sealed partial class PhysicalMemory
{
    private uint _pooledTables;

    /// <summary>Frames that hold page tables now, or are reserved for them. A table of several frames counts once.</summary>
    public ulong TableFrames { get; private set; }

    private ulong PooledTables { get; set; }

    /// <summary>Takes a frame for a page table: all entries none, no live entry.</summary>
    internal bool TryAllocateTable(out FrameNumber frame)
    {
        bool isAllocated;
        using (_lock.Enter())
            isAllocated = TryReserveLocked(out frame);
        if (isAllocated)
            _backed.State(frame) = FrameState.Table;
        return isAllocated;
    }

    /// <summary>Gives back a table. It must have no live entry.</summary>
    internal void FreeTable(FrameNumber frame)
    {
        ThrowUnlessEmpty(frame);
        using (_lock.Enter())
            PoolLocked(frame);
    }

    /// <summary>Takes <paramref name="count"/> tables as a reserve; false, with none taken, when memory is out.</summary>
    internal bool TryReserveTables(ulong count, out FrameNumber reserve)
    {
        reserve = FrameNumber.None;
        using (_lock.Enter())
        {
            for (ulong i = AllocationsUntilFailure < 0 ? TakeChain(count, out reserve) : 0; i < count; i++)
            {
                if (TryReserveLocked(out FrameNumber table))
                {
                    Push(table, ref reserve);
                    continue;
                }

                ReleaseLocked(ref reserve);
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes a table from a reserve that is not empty: all entries none, no live entry.</summary>
    internal FrameNumber PopReserved(ref FrameNumber reserve)
    {
        FrameNumber table = reserve;
        ref uint state = ref _backed.State(table);
        reserve = new FrameNumber(state & FrameState.ValueMask);
        state = FrameState.Table;
        return table;
    }

    /// <summary>Adds a table to a reserve. It must have no live entry.</summary>
    internal void PushReserved(FrameNumber table, ref FrameNumber reserve)
    {
        ThrowUnlessEmpty(table);
        Push(table, ref reserve);
    }

    /// <summary>Gives a reserve back; returns how many tables it held.</summary>
    internal ulong ReleaseReserve(ref FrameNumber reserve)
    {
        using (_lock.Enter())
            return ReleaseLocked(ref reserve);
    }

    /// <summary>The live entries of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int LiveEntries(FrameNumber table) => (int)(_backed.State(table) & FrameState.ValueMask);

    /// <summary>Adds <paramref name="change"/> to the live entries of a table. Guarded by the lock that guards the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddLiveEntries(FrameNumber table, int change)
    {
        ref uint state = ref _backed.State(table);
        state = unchecked(state + (uint)change);
    }

    /// <summary>True for a frame in use as a page table.</summary>
    internal bool IsTable(FrameNumber frame) =>
        _backed.Owns(frame) && (_backed.State(frame) & FrameState.KindMask) == FrameState.Table;

    private bool TryReserveLocked(out FrameNumber table)
    {
        table = FrameNumber.None;
        if (!Permit())
            return false;
        if (TryTakePooled(out ulong number, out _))
        {
            TableFrames++;
            table = new FrameNumber(number);
            return true;
        }

        bool isZero;
        if (Options.TableOrder == 0 ? !_backed.TryAllocate(out number, out isZero) : !_backed.TryAllocateContiguous(Options.TableOrder, out number, out isZero))
            return false;
        TableFrames++;
        table = new FrameNumber(number);
        for (ulong i = 0; !isZero && i < 1UL << Options.TableOrder; i++)
            Bytes(table + i).Clear();
        return true;
    }

    /// <summary>Takes up to <paramref name="count"/> tables from the pool, in the chain that they are. Returns how many.</summary>
    private ulong TakeChain(ulong count, out FrameNumber first)
    {
        first = FrameNumber.None;
        ulong taken = Math.Min(count, PooledTables);
        if (taken == 0)
            return 0;
        first = new FrameNumber(_pooledTables);
        FrameNumber last = first;
        for (ulong i = 1; i < taken; i++)
            last = After(last);
        _pooledTables = (uint)After(last).Value;
        _backed.State(last) = FrameState.Pooled;
        PooledTables -= taken;
        TableFrames += taken;
        return taken;
    }

    private ulong ReleaseLocked(ref FrameNumber reserve)
    {
        if (reserve.IsNone)
            return 0;
        ulong count = 1;
        FrameNumber last = reserve;
        for (FrameNumber next = After(last); !next.IsNone; next = After(last), count++)
            last = next;
        _backed.State(last) = FrameState.Pooled | _pooledTables;
        _pooledTables = (uint)reserve.Value;
        PooledTables += count;
        TableFrames -= count;
        reserve = FrameNumber.None;
        return count;
    }

    private FrameNumber After(FrameNumber table) => new(_backed.State(table) & FrameState.ValueMask);

    private void PoolLocked(FrameNumber table)
    {
        _backed.State(table) = FrameState.Pooled | _pooledTables;
        _pooledTables = (uint)table.Value;
        PooledTables++;
        TableFrames--;
    }

    private void Push(FrameNumber table, ref FrameNumber reserve)
    {
        _backed.State(table) = FrameState.Pooled | (uint)reserve.Value;
        reserve = table;
    }

    private void ThrowUnlessEmpty(FrameNumber table)
    {
        uint state = _backed.State(table);
        if (state != FrameState.Table)
            throw new InvalidOperationException($"Frame {table} is freed as a table, but is none or has live entries (state 0x{state:x8}).");
    }

    /// <summary>Takes the first frame of a pooled table, and with it the table: for data only where a table is that one frame.</summary>
    private bool TryTakePooled(out ulong number, out bool isZero)
    {
        number = _pooledTables;
        isZero = true;
        if (number == 0)
            return false;
        ref uint state = ref _backed.State(new FrameNumber(number));
        _pooledTables = state & FrameState.ValueMask;
        state = FrameState.Data;
        PooledTables--;
        return true;
    }
}
