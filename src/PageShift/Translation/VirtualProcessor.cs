using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Translation;

/// <summary>
/// A virtual processor: accesses the memory of one address space through a software TLB and, when that misses, by walking the page tables, setting their accessed and
/// dirty bits as the hardware does, and faulting pages in.
/// </summary>
/// <remarks>
/// <para>One thread at a time; several processors of a space work in parallel. Each access waits while a system call changes the space.
/// <see cref="EnterAccess"/> gives a scope in which many accesses share one entry.</para>
/// <para>The <c>Try</c> forms return why an access failed, and allocate nothing; <see cref="FaultAddress"/> tells where. The others throw
/// <see cref="MemoryAccessException"/>. Misuse is always an exception: an access to memory that is bytes-free (<see cref="PhysicalMemory.IsBytesFree"/>; there only
/// <see cref="Touch(VirtualAddress, AccessKind)"/> works), a processor used by two threads at once.</para>
/// <para>A value of up to 8 bytes that does not cross a page is read and written in one piece, if the host's processor does so.</para>
/// <para>An access to a value that crosses pages faults before anything is written. Copies and fills stop at the first page that faults; what lies before it is
/// done, as with the kernel's copies to and from user space.</para>
/// </remarks>
public sealed partial class VirtualProcessor : IDisposable
{
    private readonly IFaultResolver _faults;
    private readonly PageTableTree _tables;
    private readonly PhysicalMemory _memory;
    private readonly MappingLock _lock;
    private readonly MappingLock.ReaderFlag _reader;
    private readonly Tlb _tlb = new();
    private readonly TableCache _cachedTables;
    private Action<VirtualProcessor>? _onDispose;

    internal VirtualProcessor(IFaultResolver faults, PageTableTree tables, MappingLock mappingLock, Action<VirtualProcessor> onDispose)
    {
        _faults = faults;
        _tables = tables;
        _memory = tables.Memory;
        _lock = mappingLock;
        _cachedTables = new TableCache(tables.Geometry.SpanShift(PageTableLevel.Pmd));
        _reader = mappingLock.AddReader();
        _onDispose = onDispose;
    }

    /// <summary>Where the last failed access failed: its first byte that could not be accessed, as CR2 would hold it.</summary>
    public VirtualAddress FaultAddress { get; private set; }

    /// <summary>Takes the processor out of its address space. No access may be under way.</summary>
    public void Dispose() => _onDispose?.Invoke(this);

    /// <summary>Begins a scope in which accesses share one entry of the lock: a TLB hit costs about an array index. System calls on the space wait until the scope
    /// ends; one made on the same thread throws, and so does an access by another processor while a call waits. A fault inside the scope may let a waiting call in.</summary>
    public AccessScope EnterAccess()
    {
        Enter();
        return new AccessScope(this, _tlb, _cachedTables, _tables.Geometry);
    }

    /// <summary>Faults in the page of <paramref name="address"/> as the access would, and sets its accessed and dirty bits, without touching content.</summary>
    public AccessFault TryTouch(VirtualAddress address, AccessKind access)
    {
        Enter();
        try
        {
            return TouchInside(address, access);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Does <see cref="TryTouch(VirtualAddress, AccessKind)"/> for each page of a range, ascending, and stops at the first fault (see
    /// <see cref="FaultAddress"/>).</summary>
    public AccessFault TryTouch(AddressRange range, AccessKind access)
    {
        for (ulong at = range.Start.Value; at < range.End.Value;)
        {
            AccessFault fault = TryTouch(new VirtualAddress(at), access);
            if (fault != AccessFault.None)
                return fault;
            ulong next = (at | (PageSize.Bytes - 1)) + 1;
            if (next == 0)
                break;
            at = next;
        }

        return AccessFault.None;
    }

    /// <summary>Gives the physical address behind a virtual one, after what <see cref="TryTouch(VirtualAddress, AccessKind)"/> does.</summary>
    /// <param name="address">Any address.</param>
    /// <param name="access">The access that it is for.</param>
    /// <param name="physical">The number of the frame times 4096, plus the byte within the page; 0 on a fault. In a <see cref="AccessScope"/> it holds until the scope ends or faults.</param>
    public AccessFault TryTranslate(VirtualAddress address, AccessKind access, out ulong physical)
    {
        Enter();
        try
        {
            return TranslateInside(address, access, out physical);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Faults in the page of <paramref name="address"/> as the access would.</summary>
    /// <exception cref="MemoryAccessException">The access faulted.</exception>
    internal void Touch(VirtualAddress address, AccessKind access) => ThrowIfFaulted(TryTouch(address, access), access);

    /// <summary>Faults in each page of a range as the access would.</summary>
    /// <exception cref="MemoryAccessException">An access faulted; the pages below are in.</exception>
    internal void Touch(AddressRange range, AccessKind access) => ThrowIfFaulted(TryTouch(range, access), access);

    /// <summary>Forgets the translations of <paramref name="range"/>. The mapping lock is held exclusively.</summary>
    internal void Invalidate(AddressRange range)
    {
        _tlb.Invalidate(range);
        _cachedTables.Forget(range);
    }

    /// <summary>Makes the processor unusable. Nobody is inside it, but a scope may be waiting to get back in from a fault: it finds no translation any more. The mapping lock is held
    /// exclusively.</summary>
    internal void Detach()
    {
        _lock.RemoveReader(_reader);
        _onDispose = null;
        Invalidate(new AddressRange(VirtualAddress.Zero, new VirtualAddress(ulong.MaxValue)));
    }

    internal void Enter()
    {
        _lock.EnterShared(_reader);
        if (_onDispose is null)
        {
            Exit();
            throw new ObjectDisposedException(nameof(VirtualProcessor));
        }
    }

    internal void Exit() => _lock.ExitShared(_reader);

    internal AccessFault TouchInside(VirtualAddress address, AccessKind access) => Walk(address, access, out _, out _);

    internal AccessFault TranslateInside(VirtualAddress address, AccessKind access, out ulong physical)
    {
        AccessFault fault = Walk(address, access, out PageTableEntry leaf, out PageTableLevel level);
        physical = fault == AccessFault.None ? (leaf.Frame.Value << PageSize.Shift) + address.OffsetIn(_tables.Geometry.Span(level)).Value : 0;
        return fault;
    }

    internal void ThrowIfFaulted(AccessFault fault, AccessKind access)
    {
        if (fault != AccessFault.None)
            throw new MemoryAccessException(FaultAddress, access, fault);
    }

    /// <summary>Finds the leaf that lets an access through, faulting until there is one, and sets A, and D for a write.</summary>
    private AccessFault Walk(VirtualAddress address, AccessKind access, out PageTableEntry leaf, out PageTableLevel level)
    {
        if (TryFindCached(address, access, out leaf))
        {
            level = PageTableLevel.Pte;
            return AccessFault.None;
        }

        while (address < _tables.Geometry.UserLimit)
        {
            ObjectDisposedException.ThrowIf(_onDispose is null, this);
            PageTableWalk walk = _tables.Walk(address);
            leaf = walk.Entry;
            level = walk.Level;
            if (leaf.IsPresent && (access != AccessKind.Write || leaf.IsWritable) && (access == AccessKind.Execute || !leaf.IsExecuteOnly))
            {
                if (access == AccessKind.Execute && leaf.IsNoExecute)
                    return Failed(address, AccessFault.NotPermitted);
                ulong bits = access == AccessKind.Write ? PageTableEntry.AccessedBit | PageTableEntry.DirtyBit : PageTableEntry.AccessedBit;
                if ((leaf.Value & bits) != bits)
                    _tables.SetBits(walk.Table, walk.Index, bits);
                if (level == PageTableLevel.Pte)
                    _cachedTables.Fill(address.Value, _memory.HostAddress(walk.Table));
                leaf = leaf.With(bits);
                return AccessFault.None;
            }

            AccessFault fault = _faults.ResolveFault(address, access, _reader);
            if (fault != AccessFault.None)
                return Failed(address, fault);
        }

        leaf = PageTableEntry.None;
        level = PageTableLevel.Pte;
        return Failed(address, IsCanonical(address) ? AccessFault.NotMapped : AccessFault.NonCanonical);
    }

    private AccessFault Failed(VirtualAddress address, AccessFault fault)
    {
        FaultAddress = address;
        return fault;
    }

    /// <summary>True when all bits above the highest that the tables translate repeat it.</summary>
    private bool IsCanonical(VirtualAddress address)
    {
        int unused = 64 - _tables.Geometry.SpanShift(_tables.Geometry.Root + 1);
        return (ulong)((long)(address.Value << unused) >> unused) == address.Value;
    }
}
